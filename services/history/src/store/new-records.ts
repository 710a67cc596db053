import { ParleyError, type Conversation, type Message } from '@parley/contracts';
import type { FurtherAnswer, NewConversation, NewMessage, NewTurn } from './conversation-store.ts';
import { answerIdOf, furtherAnswerIdOf, messageIdOf } from './message-ids.ts';

/**
 * @returns the text itself.
 * @throws ParleyError INVALID_REQUEST for half a surrogate pair: UTF-8 cannot hold it, so no database gives it back.
 */
export function wellFormed(path: string, text: string): string {
  if (text.isWellFormed()) return text;
  const details = [{ path, message: 'is not well-formed Unicode' }];
  throw new ParleyError('INVALID_REQUEST', { message: `The ${path} is not well-formed Unicode`, details });
}

export function newConversation(
  { conversationId, visitorId, userAgent, ipAddress }: NewConversation,
  now: Date,
): Conversation {
  const at = now.toISOString();
  return {
    id: conversationId,
    title: '',
    mode: 'ai',
    ...(visitorId !== undefined && { visitorId: visitorId.toWellFormed() }),
    ...(userAgent !== undefined && { userAgent: userAgent.toWellFormed() }),
    ...(ipAddress !== undefined && { ipAddress: ipAddress.toWellFormed() }),
    createdAt: at,
    updatedAt: at,
  };
}

/** A person's message. */
export function newMessage(
  { conversationId, clientMessageId, content, ...rest }: NewTurn | NewMessage,
  seq: number,
  now: Date,
): Message {
  return {
    id: messageIdOf(conversationId, clientMessageId),
    conversationId,
    seq,
    role: 'role' in rest ? rest.role : 'user',
    content: wellFormed('content', content),
    status: 'complete',
    ...stamps(now),
    clientMessageId,
  };
}

/** The pending answer to a user message: the next in order. */
export function newAnswer({ id, conversationId, seq }: Message, now: Date): Message {
  return pendingAnswer({ id: answerIdOf(id), conversationId, seq: seq + 1, replyTo: id }, now);
}

/** A pending answer to a user message that has had one before. */
export function furtherAnswer(
  { conversationId, clientMessageId, replyTo }: FurtherAnswer,
  seq: number,
  now: Date,
): Message {
  const id = furtherAnswerIdOf(conversationId, clientMessageId);
  return pendingAnswer({ id, conversationId, seq, replyTo }, now);
}

function pendingAnswer(
  place: Pick<Message, 'id' | 'conversationId' | 'seq'> & { replyTo: string },
  now: Date,
): Message {
  return { ...place, role: 'assistant', content: '', status: 'pending', ...stamps(now), epoch: 0 };
}

function stamps(now: Date): { createdAt: string; updatedAt: string } {
  return { createdAt: now.toISOString(), updatedAt: now.toISOString() };
}
