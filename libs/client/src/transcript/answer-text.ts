import type { AnswerPiece } from '@parley/contracts';
import type { AnswerUnderWay } from './transcript.ts';

/** What a piece makes of an answer; `gap` if something before it is missing. The same object if it brings nothing new. */
export function addPiece(answer: AnswerUnderWay, piece: AnswerPiece): AnswerUnderWay | 'gap' {
  if (piece.epoch < answer.epoch) return answer;
  // A newer epoch begins the text again.
  const held = piece.epoch === answer.epoch ? answer.text : '';
  if (piece.offset > held.length) return 'gap';
  const fresh = piece.text.slice(held.length - piece.offset);
  if (fresh === '' && piece.epoch === answer.epoch) return answer;
  return running(answer, piece.epoch, held + fresh);
}

/** An epoch of the answer begins with an empty text, unless it has begun already. */
export function beginEpoch(answer: AnswerUnderWay, epoch: number): AnswerUnderWay {
  return epoch > answer.epoch ? running(answer, epoch, '') : answer;
}

/** An answer of which nothing is known but that there is one. */
export function pendingAnswer(answerId: string, after: number): AnswerUnderWay {
  return { kind: 'answer', answerId, epoch: 0, text: '', after };
}

/** The same answer, standing behind this `seq`. */
export function placedAfter(answer: AnswerUnderWay, after: number): AnswerUnderWay {
  return answer.after === after ? answer : { ...answer, after };
}

/** The same answer, waiting at this place in the queue; an answer that has text does not wait. */
export function queuedAt(answer: AnswerUnderWay, queuePosition: number): AnswerUnderWay {
  const isNews = answer.text === '' && answer.queuePosition !== queuePosition;
  return isNews ? { ...answer, queuePosition } : answer;
}

function running(
  { queuePosition: _, ...answer }: AnswerUnderWay,
  epoch: number,
  text: string,
): AnswerUnderWay {
  return { ...answer, epoch, text };
}
