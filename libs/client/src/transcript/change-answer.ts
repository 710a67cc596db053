import { pendingAnswer } from './answer-text.ts';
import { whole, type Reduced } from './reduced.ts';
import type { AnswerUnderWay, Transcript } from './transcript.ts';

/** Changes one answer, which begins here if it is not known, and is left alone if it has ended. A gap changes nothing. */
export function changeAnswer(
  transcript: Transcript,
  answerId: string,
  change: (answer: AnswerUnderWay) => AnswerUnderWay | 'gap',
): Reduced {
  const { answers, messages } = transcript;
  const held = answers.find(answer => answer.answerId === answerId);
  if (!held && messages.some(({ id }) => id === answerId)) return whole(transcript);
  const changed = change(held ?? pendingAnswer(answerId, messages.at(-1)?.seq ?? 0));
  if (changed === 'gap') return { transcript, needsRepair: true };
  if (changed === held) return whole(transcript);
  const others = answers.map(answer => (answer === held ? changed : answer));
  return whole({ ...transcript, answers: held ? others : [...answers, changed] });
}
