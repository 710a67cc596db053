import type { HistoryParsedRequest } from '@parley/contracts';
import type { Announcements } from '../effects/announcements.ts';
import type { ConversationStore, CreatedConversation } from '../store/conversation-store.ts';

export interface CreateConversationDeps {
  readonly store: Pick<ConversationStore, 'createConversation'>;
  readonly announcements: Announcements;
}

/** Creates a conversation unless it exists. */
export function createConversation({ store, announcements }: CreateConversationDeps) {
  return async (request: HistoryParsedRequest<'createConversation'>): Promise<CreatedConversation> => {
    const created = await store.createConversation(request);
    if (created.created) announcements.conversationChanged(request.conversationId);
    return created;
  };
}
