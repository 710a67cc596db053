import { isClosed, type HistoryJob } from '@parley/contracts';
import type { AnswerLog, AnswerRef } from '@parley/platform';
import type { SettleAnswer } from '../effects/answer-settlement.ts';
import type { HistoryMetrics } from '../history-metrics.ts';
import type { ConversationStore } from '../store/conversation-store.ts';

export interface FinishAnswerDeps {
  readonly store: Pick<ConversationStore, 'finishAnswer' | 'getMessage'>;
  readonly answerLog: AnswerLog;
  readonly settleAnswer: SettleAnswer;
  readonly metrics: HistoryMetrics;
}

/**
 * Stores how an answer ended. Thrown errors ask for a repetition: what follows a stored answer also follows a repeated one,
 * because history may have died in between.
 */
export type FinishAnswer = (finished: HistoryJob) => Promise<void>;

export function finishAnswer({ store, answerLog, settleAnswer, metrics }: FinishAnswerDeps): FinishAnswer {
  /** A worker that stood still for long may have written a log behind the end of its answer. */
  const retireGhost = async ({ conversationId, answerId }: AnswerRef): Promise<void> => {
    const message = await store.getMessage(conversationId, answerId);
    if (!message || !isClosed(message.status)) return;
    const log = await answerLog.read({ conversationId, answerId });
    if (log && log.state !== 'stored') await answerLog.retire(message);
  };
  return async finished => {
    const result = await store.finishAnswer(finished);
    metrics.answerFinished(result.outcome);
    if (result.outcome === 'stored' || result.outcome === 'repeat') await settleAnswer(result.message);
    if (result.outcome === 'stale') await retireGhost(finished);
    // Its conversation was deleted while the worker wrote.
    if (result.outcome === 'unknown') await answerLog.forget(finished.conversationId, [finished.answerId]);
  };
}
