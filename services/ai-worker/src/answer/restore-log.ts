import { fenceFor, type AnswerRef } from '@parley/platform';
import type { AnswerPorts } from './answer-ports.ts';

/** What a worker had written when Redis lost it. */
export interface LostLog {
  readonly answer: AnswerRef;
  readonly epoch: number;
  readonly text: string;
}

/**
 * Writes a log again that Redis has lost. Its fence is lost with it, and so is whoever holds the newest epoch: history knows
 * both. Asked before the log is written, because a fence from then on is one that the log has.
 *
 * @throws ParleyError if history cannot be asked: who does not know whether he may write does not.
 */
export async function restoreLog(
  { answer, epoch, text }: LostLog,
  { history, answerLog }: Pick<AnswerPorts, 'history' | 'answerLog'>,
): Promise<'ok' | 'replaced'> {
  const { held, endAs } = await history.call('getPen', { ...answer, epoch });
  if (!held) return 'replaced';
  // The next append learns it, as it would have from the log that is lost.
  if (endAs) await answerLog.fence(answer, fenceFor(endAs), epoch);
  return answerLog.restore(answer, epoch, text);
}
