import { randomUUID } from 'node:crypto';
import { ParleyError } from '@parley/contracts';
import type { AnswerLog, AnswerRef } from '@parley/platform';
import type { SettleAnswer } from '../effects/answer-settlement.ts';
import type { HistoryMetrics } from '../history-metrics.ts';
import type { ConversationStore } from '../store/conversation-store.ts';

/** Gives no leave to run: it only takes the answer away from its worker. */
const NO_RUN = { maxRuns: 0, contextMessages: 1 };

const notYet = (): ParleyError => new ParleyError('BUSY', { retryAfterMs: 1_000 });

export interface EndForItsWorkerDeps {
  readonly store: Pick<ConversationStore, 'claimAnswer' | 'finishAnswer' | 'getMessage'>;
  readonly answerLog: AnswerLog;
  readonly settleAnswer: SettleAnswer;
  readonly metrics: HistoryMetrics;
}

/**
 * Ends an answer that is to end, as another worker would for a dead one: with the text of its log. When this resolves, that is
 * stored and has been told.
 *
 * @throws ParleyError BUSY if that is not certain yet; whatever Redis throws. May be repeated.
 */
export type EndForItsWorker = (answer: AnswerRef) => Promise<void>;

export function endForItsWorker(deps: EndForItsWorkerDeps): EndForItsWorker {
  const { store, answerLog, settleAnswer, metrics } = deps;
  return async answer => {
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
  };
}
