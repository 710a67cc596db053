import { ParleyError, type Conversation, type HistoryParsedRequest } from '@parley/contracts';
import type { Announcements } from '../effects/announcements.ts';
import type { ConversationStore } from '../store/conversation-store.ts';
import type { SilenceAi } from './silence-ai.ts';

export interface UpdateConversationDeps {
  readonly store: Pick<ConversationStore, 'updateConversation'>;
  readonly announcements: Announcements;
  readonly silenceAi: SilenceAi;
}

/** Changes the title, or who answers: a person who takes over silences the AI. */
export function updateConversation({ store, announcements, silenceAi }: UpdateConversationDeps) {
  return async (
    request: HistoryParsedRequest<'updateConversation'>,
  ): Promise<{ conversation: Conversation }> => {
    const { conversationId, title, mode } = request;
    const conversation = await store.updateConversation(conversationId, { title, mode });
    if (!conversation) throw new ParleyError('CONVERSATION_NOT_FOUND');
    try {
      // An admin must not believe that the AI is silent while it may not be; repeating the takeover is harmless.
      if (mode === 'human') await silenceAi(conversationId);
    } finally {
      // Behind the last of the AI's text.
      if (mode === undefined) announcements.conversationChanged(conversationId);
      else announcements.modeChanged(conversationId, mode);
    }
    return { conversation };
  };
}
