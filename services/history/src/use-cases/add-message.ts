import { ParleyError, type HistoryParsedRequest } from '@parley/contracts';
import type { Announcements } from '../effects/announcements.ts';
import type { AddedMessage, ConversationStore } from '../store/conversation-store.ts';

export interface AddMessageDeps {
  readonly store: Pick<ConversationStore, 'addMessage'>;
  readonly announcements: Announcements;
}

/** Stores an admin's or a system message; whoever watches hears of it once. */
export function addMessage({ store, announcements }: AddMessageDeps) {
  return async ({ origin, ...message }: HistoryParsedRequest<'addMessage'>): Promise<AddedMessage> => {
    const added = await store.addMessage(message);
    if (!added) throw new ParleyError('CONVERSATION_NOT_FOUND');
    if (added.created) announcements.messageStored(added.message, origin);
    return added;
  };
}
