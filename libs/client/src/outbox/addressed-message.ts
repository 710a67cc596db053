import type { OutgoingMessage } from './outgoing-message.ts';

/** A message that is known to belong to a conversation: it is stored there, whichever tab sends it, and nowhere else. */
export type AddressedMessage = OutgoingMessage & { readonly conversationId: string };

export function isAddressed(message: OutgoingMessage): message is AddressedMessage {
  return message.conversationId !== undefined;
}

/**
 * The message once the server has named the conversation, which takes the place of those that are `gone`; itself if it belongs
 * elsewhere. What was said to somebody, or replaces something, makes no sense in another conversation.
 */
export function addressed(
  message: OutgoingMessage,
  conversationId: string,
  gone: readonly (string | undefined)[],
): OutgoingMessage {
  const isMovable = message.role === 'user' && message.replaces === undefined;
  const isMeant = !isAddressed(message) || (isMovable && gone.includes(message.conversationId));
  if (!isMeant || message.conversationId === conversationId) return message;
  const { error, ...moved } = { ...message, conversationId };
  if (error?.code === 'CONVERSATION_NOT_FOUND') return { ...moved, status: 'sending' };
  return error ? { ...moved, error } : moved;
}
