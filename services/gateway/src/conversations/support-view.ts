import type { Conversation, Message, MessageRole, SessionSummary, SupportMessage } from '@parley/contracts';

const senders: Record<MessageRole, SupportMessage['sender']> = {
  user: 'user',
  assistant: 'ai',
  admin: 'admin',
  system: 'system',
};

/** A message as the support API shows it. */
export function toSupportMessage(message: Message): SupportMessage {
  const { id, conversationId, content, role, createdAt } = message;
  return {
    id,
    sessionId: conversationId,
    content,
    sender: senders[role],
    timestamp: createdAt,
    isAI: role === 'assistant',
  };
}

/** A conversation as admins see it in their list. */
export function toSessionSummary(conversation: Conversation, isActive: boolean): SessionSummary {
  return {
    sessionId: conversation.id,
    user: `User-${conversation.id.slice(0, 8)}`,
    lastMessage: conversation.lastMessage ?? '',
    timestamp: conversation.updatedAt,
    isActive,
  };
}
