import {
  isClosed,
  type ChatConversation,
  type ChatMessage,
  type Conversation,
  type Message,
} from '@parley/contracts';

/** A message as the AI chat API shows it. */
export function toChatMessage(message: Message): ChatMessage {
  const { id, content, role, createdAt, conversationId } = message;
  return { id, content, role, timestamp: createdAt, conversationId };
}

/** A conversation as the AI chat API shows it. Answers under way are left out: that API knows no unfinished message. */
export function toChatConversation(
  conversation: Conversation,
  messages: readonly Message[],
): ChatConversation {
  const { id, title, createdAt, updatedAt } = conversation;
  return { id, title, messages: messages.filter(isShown).map(toChatMessage), createdAt, updatedAt };
}

/** False for answers that are under way, or ended before they had a text. */
export function isShown(message: Message): boolean {
  return isClosed(message.status) && (message.role !== 'assistant' || message.content !== '');
}
