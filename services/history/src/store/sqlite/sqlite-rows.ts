import { conversationRecord, messageRecord, type Conversation, type Message } from '@parley/contracts';
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';

export type Row = Record<string, SQLOutputValue>;
export type Bindings = Record<string, SQLInputValue>;

/** Reads a row of `conversations`. */
export function toConversation(row: Row): Conversation {
  return conversationRecord.read.parse(
    present({
      id: row.id,
      title: row.title,
      mode: row.mode,
      visitorId: row.visitor_id,
      userAgent: row.user_agent,
      ipAddress: row.ip_address,
      lastMessage: row.last_message,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
    }),
  );
}

/** Reads a row of `messages`. */
export function toMessage(row: Row): Message {
  return messageRecord.read.parse(
    present({
      id: row.id,
      conversationId: row.conversation_id,
      seq: row.seq,
      role: row.role,
      content: row.content,
      status: row.status,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
      clientMessageId: row.client_message_id,
      replyTo: row.reply_to,
      epoch: row.epoch,
      usage: typeof row.usage === 'string' ? (JSON.parse(row.usage) as unknown) : null,
    }),
  );
}

export function conversationBindings(conversation: Conversation): Bindings {
  return {
    id: conversation.id,
    title: conversation.title,
    mode: conversation.mode,
    visitorId: conversation.visitorId ?? null,
    userAgent: conversation.userAgent ?? null,
    ipAddress: conversation.ipAddress ?? null,
    lastMessage: conversation.lastMessage ?? null,
    createdAt: conversation.createdAt,
    updatedAt: conversation.updatedAt,
  };
}

/** A new message; it is open while it is a pending answer. */
export function messageBindings(message: Message): Bindings {
  return {
    id: message.id,
    conversationId: message.conversationId,
    seq: message.seq,
    role: message.role,
    content: message.content,
    status: message.status,
    createdAt: message.createdAt,
    updatedAt: message.updatedAt,
    clientMessageId: message.clientMessageId ?? null,
    replyTo: message.replyTo ?? null,
    epoch: message.epoch ?? null,
    openIn: message.status === 'pending' ? message.conversationId : null,
  };
}

function present(values: Record<string, unknown>): Record<string, unknown> {
  for (const [name, value] of Object.entries(values))
    if (value === null) Reflect.deleteProperty(values, name);
  return values;
}
