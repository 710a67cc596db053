import { randomUUID } from 'node:crypto';
import { ParleyError } from '@parley/contracts';
import type { AnswerLog, AnswerRef } from '@parley/platform';
import type { SettleAnswer } from '../effects/answer-settlement.ts';
import type { HistoryMetrics } from '../history-metrics.ts';
import type { ConversationStore } from '../store/conversation-store.ts';
import type { EndOpenAnswers } from './end-open-answers.ts';

/** Gives no leave to run: it only takes the answer away from its worker. */
const NO_RUN = { maxRuns: 0, contextMessages: 1 };

const notYet = (cause?: unknown): ParleyError => new ParleyError('BUSY', { retryAfterMs: 1_000, cause });

export interface SilenceAiDeps {
  readonly store: Pick<ConversationStore, 'claimAnswer' | 'finishAnswer' | 'getMessage'>;
  readonly answerLog: AnswerLog;
  readonly endOpenAnswers: EndOpenAnswers;
  readonly settleAnswer: SettleAnswer;
  readonly metrics: HistoryMetrics;
}

/**
 * Ends what the AI is saying in a conversation. When this resolves, the last of its text is stored and has been published.
 *
 * @throws ParleyError BUSY if that is not certain yet: repeat the call.
 */
export type SilenceAi = (conversationId: string) => Promise<void>;

export function silenceAi({ endOpenAnswers, ...deps }: SilenceAiDeps): SilenceAi {
  return async conversationId => {
    await endOpenAnswers(conversationId, 'stopped');
    try {
      for (const answerId of await deps.answerLog.live(conversationId))
        await endForItsWorker({ conversationId, answerId }, deps);
    } catch (error) {
      throw error instanceof ParleyError ? error : notYet(error);
    }
  };
}

/** Does what another worker does for a dead one: this one may be dead, or slow, and somebody waits for the silence. */
async function endForItsWorker(
  answer: AnswerRef,
  { store, answerLog, settleAnswer, metrics }: Omit<SilenceAiDeps, 'endOpenAnswers'>,
): Promise<void> {
  const claimed = await store.claimAnswer({ ...answer, ...NO_RUN, claimId: randomUUID() });
  if (claimed?.claim.outcome !== 'exhausted') {
    // It is stored, but whoever did that may not have said so yet.
    const message = await store.getMessage(answer.conversationId, answer.answerId);
    if (message) await answerLog.retire(message);
    return;
  }
  const { epoch, endAs: status = 'stopped' } = claimed.claim;
  const kept = await answerLog.read(answer);
  const sealed = await answerLog.seal(answer, epoch);
  // A worker that has just claimed it does the same.
  if (!sealed) throw notYet();
  const { text } = sealed;
  const result = await store.finishAnswer({ ...answer, epoch, text, status, ...kept?.ending });
  metrics.answerFinished(result.outcome);
  if (!('message' in result)) throw notYet();
  await settleAnswer(result.message);
}
