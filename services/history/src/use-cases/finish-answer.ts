import type { HistoryJob } from '@parley/contracts';
import type { AnswerLog } from '@parley/platform';
import type { SettleAnswer } from '../effects/answer-settlement.ts';
import type { HistoryMetrics } from '../history-metrics.ts';
import type { ConversationStore } from '../store/conversation-store.ts';

export interface FinishAnswerDeps {
  readonly store: Pick<ConversationStore, 'finishAnswer'>;
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
  return async finished => {
    const result = await store.finishAnswer(finished);
    metrics.answerFinished(result.outcome);
    if (result.outcome === 'stored' || result.outcome === 'repeat') await settleAnswer(result.message);
    // Its conversation was deleted while the worker wrote.
    if (result.outcome === 'unknown') await answerLog.forget(finished.conversationId, [finished.answerId]);
  };
}
