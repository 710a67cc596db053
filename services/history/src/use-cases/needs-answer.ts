import type { HistoryParsedRequest } from '@parley/contracts';
import type { ConversationStore } from '../store/conversation-store.ts';
import { furtherAnswerIdOf, messageIdOf } from '../store/message-ids.ts';

export interface NeedsAnswerDeps {
  readonly store: Pick<ConversationStore, 'getConversation' | 'getMessage'>;
}

/** Whether a message, or a retry, asks for an answer that is not there yet. Reads two records at most. */
export function needsAnswer({ store }: NeedsAnswerDeps) {
  return async ({
    conversationId,
    clientMessageId,
    answerId,
  }: HistoryParsedRequest<'needsAnswer'>): Promise<{ needed: boolean }> => {
    const conversation = await store.getConversation(conversationId);
    if (!conversation) return { needed: true };
    if (conversation.mode === 'human') return { needed: false };
    const idOf = answerId === undefined ? messageIdOf : furtherAnswerIdOf;
    const stored = await store.getMessage(conversationId, idOf(conversationId, clientMessageId));
    return { needed: !stored };
  };
}
