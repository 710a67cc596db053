import type { Message } from '@parley/contracts';
import type { AnswerQueue } from '@parley/platform';
import type { Announcements } from '../effects/announcements.ts';
import type { HistoryMetrics } from '../history-metrics.ts';
import type { ConversationStore } from '../store/conversation-store.ts';

export interface CompleteTurnDeps {
  readonly store: Pick<ConversationStore, 'completeTurn'>;
  readonly announcements: Announcements;
  readonly answers: AnswerQueue;
  readonly metrics: HistoryMetrics;
}

/** Brings a turn that broke off half stored to where an undisturbed one would be. */
export function completeTurn({ store, announcements, answers, metrics }: CompleteTurnDeps) {
  return async (message: Message): Promise<void> => {
    const turn = await store.completeTurn(message);
    if (turn?.created) {
      metrics.turnAppended();
      announcements.messageStored(turn.message);
    }
    if (turn?.answer && turn.enqueue)
      await answers.requeue({ conversationId: message.conversationId, answerId: turn.answer.id });
  };
}
