import type { HistoryParsedRequest } from '@parley/contracts';
import type { Announcements } from '../effects/announcements.ts';
import type { HistoryMetrics } from '../history-metrics.ts';
import type { ConversationStore, StoredTurn } from '../store/conversation-store.ts';

export interface AppendTurnDeps {
  readonly store: Pick<ConversationStore, 'appendTurn'>;
  readonly announcements: Announcements;
  readonly metrics: HistoryMetrics;
}

/** Stores what a visitor says, with the answer it asks for; whoever watches hears of it once. */
export function appendTurn({ store, announcements, metrics }: AppendTurnDeps) {
  return async ({ origin, ...turn }: HistoryParsedRequest<'appendTurn'>): Promise<StoredTurn> => {
    const stored = await store.appendTurn(turn);
    if (stored.created) {
      metrics.turnAppended();
      announcements.messageStored(stored.message, origin);
    }
    return stored;
  };
}
