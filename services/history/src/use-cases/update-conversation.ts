import { ParleyError, type Conversation, type HistoryParsedRequest } from '@parley/contracts';
import type { Announcements } from '../effects/announcements.ts';
import type { ConversationStore } from '../store/conversation-store.ts';
import type { SilenceAnswers } from './silence-answers.ts';

const RETRY_AFTER_MS = 1_000;

export interface UpdateConversationDeps {
  readonly store: Pick<ConversationStore, 'updateConversation'>;
  readonly announcements: Announcements;
  readonly silenceAnswers: SilenceAnswers;
}

/** Changes the title, or who answers: a person who takes over silences the AI. */
export function updateConversation({ store, announcements, silenceAnswers }: UpdateConversationDeps) {
  return async (
    request: HistoryParsedRequest<'updateConversation'>,
  ): Promise<{ conversation: Conversation }> => {
    const { conversationId, title, mode } = request;
    const conversation = await store.updateConversation(conversationId, { title, mode });
    if (!conversation) throw new ParleyError('CONVERSATION_NOT_FOUND');
    if (mode === undefined) announcements.conversationChanged(conversationId);
    else announcements.modeChanged(conversationId, mode);
    if (mode === 'human') await silenced(silenceAnswers(conversationId));
    return { conversation };
  };
}

/** An admin must not believe that the AI is silent while it may not be; repeating the takeover is harmless. */
async function silenced(silencing: Promise<void>): Promise<void> {
  try {
    await silencing;
  } catch (error) {
    if (error instanceof ParleyError) throw error;
    throw new ParleyError('HISTORY_UNAVAILABLE', {
      message: 'The running answer cannot be stopped right now, try again shortly',
      retryAfterMs: RETRY_AFTER_MS,
      cause: error,
    });
  }
}
