import { ParleyError } from '@parley/contracts';
import type { Transcript } from './transcript.ts';

/**
 * The id of the answer to the newest question, to be asked for once more. An answer to an earlier question is never meant:
 * what comes after an answer goes with it.
 *
 * @throws ParleyError ANSWER_IN_PROGRESS, also while the question is still being sent; ANSWER_NOT_FOUND if it has none.
 */
export function newestAnswer({ messages, answers, outgoing }: Transcript): string {
  const isAsking = outgoing.some(({ role, status }) => role === 'user' && status === 'sending');
  const question = messages.findLast(({ role, status }) => role === 'user' && status !== 'superseded');
  const isAnswering = question && answers.some(({ after }) => after >= question.seq);
  if (isAsking || isAnswering) throw new ParleyError('ANSWER_IN_PROGRESS');
  // One that ended without a text when a person took over is superseded.
  const answer = question && messages.findLast(({ replyTo }) => replyTo === question.id);
  if (!answer) throw new ParleyError('ANSWER_NOT_FOUND');
  return answer.id;
}
