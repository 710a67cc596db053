import type { ErrorEvent } from '@parley/contracts';

/** The original dialects have no event for it: their clients learn from `error` that a conversation is gone. */
export const deletedError: ErrorEvent = {
  message: 'Conversation deleted',
  code: 'CONVERSATION_NOT_FOUND',
  event: 'conversation_deleted',
};
