import { ParleyError, type HistoryParsedRequest, type Message } from '@parley/contracts';
import type { ConversationStore } from '../store/conversation-store.ts';

export interface UpdateMessageDeps {
  readonly store: Pick<ConversationStore, 'getMessage' | 'updateMessage'>;
}

/** Corrects the text of a message; an answer that is still written belongs to its worker. */
export function updateMessage({ store }: UpdateMessageDeps) {
  return async (request: HistoryParsedRequest<'updateMessage'>): Promise<{ message: Message }> => {
    const { conversationId, messageId, content } = request;
    const message = await store.updateMessage(conversationId, messageId, content);
    if (message) return { message };
    const isThere = await store.getMessage(conversationId, messageId);
    throw new ParleyError(isThere ? 'ANSWER_IN_PROGRESS' : 'NOT_FOUND');
  };
}
