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

/** False for what is under way, ended before it had a text, or was superseded: the original APIs know nothing of these. */
export function isShown({ status, role, content }: Message): boolean {
  return isClosed(status) && status !== 'superseded' && (role !== 'assistant' || content !== '');
}
