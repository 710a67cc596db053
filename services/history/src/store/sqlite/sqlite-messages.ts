import { OPEN_ANSWER_STATUSES, type Message } from '@parley/contracts';
import type { AddedMessage, Clock, MessageRange, NewMessage } from '../conversation-store.ts';
import { messageIdOf } from '../message-ids.ts';
import { newMessage, wellFormed } from '../new-records.ts';
import type { SqliteConversations } from './sqlite-conversations.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import { messageBindings, toMessage } from './sqlite-rows.ts';

const INSERT = `
  INSERT INTO messages (id, conversation_id, seq, role, content, status, created_at, updated_at,
    client_message_id, reply_to, epoch, open_in)
  VALUES (:id, :conversationId, :seq, :role, :content, :status, :createdAt, :updatedAt,
    :clientMessageId, :replyTo, :epoch, :openIn)`;
const GET = 'SELECT * FROM messages WHERE id = ? AND conversation_id = ?';
const UPDATE = `
  UPDATE messages SET content = ?, updated_at = ?
  WHERE id = ? AND conversation_id = ? AND open_in IS NULL RETURNING *`;
const RANGE = 'SELECT * FROM messages WHERE conversation_id = ? AND seq > ? AND seq < ? ORDER BY seq';
const CONTEXT = `
  SELECT * FROM messages
  WHERE conversation_id = ? AND seq < ? AND content <> ''
    AND status NOT IN (${OPEN_ANSWER_STATUSES.map(status => `'${status}'`).join()})
  ORDER BY seq DESC LIMIT ?`;

/** The rows of messages. Everything here is synchronous; who calls it decides about transactions. */
export class SqliteMessages {
  readonly #db: SqliteDatabase;
  readonly #clock: Clock;
  readonly #conversations: SqliteConversations;

  constructor(db: SqliteDatabase, clock: Clock, conversations: SqliteConversations) {
    this.#db = db;
    this.#clock = clock;
    this.#conversations = conversations;
  }

  insert(message: Message): Message {
    this.#db.statement(INSERT).run(messageBindings(message));
    return message;
  }

  add(message: NewMessage): AddedMessage | undefined {
    const { conversationId, clientMessageId } = message;
    const known = this.get(conversationId, messageIdOf(conversationId, clientMessageId));
    if (known) return { message: known, created: false };
    const seq = this.#conversations.nextSeq(conversationId);
    if (seq === undefined) return undefined;
    const stored = this.insert(newMessage(message, seq, this.#clock()));
    this.#conversations.touch(stored);
    return { message: stored, created: true };
  }

  update(conversationId: string, messageId: string, content: string): Message | undefined {
    const text = wellFormed('content', content);
    const at = this.#clock().toISOString();
    const row = this.#db.statement(UPDATE).get(text, at, messageId, conversationId);
    return row && toMessage(row);
  }

  get(conversationId: string, messageId: string): Message | undefined {
    const row = this.#db.statement(GET).get(messageId, conversationId);
    return row && toMessage(row);
  }

  list({ conversationId, limit, beforeSeq, afterSeq }: MessageRange): Message[] {
    const order = afterSeq === undefined ? 'DESC' : 'ASC';
    const rows = this.#db
      .statement(`${RANGE} ${order} LIMIT ?`)
      .all(conversationId, afterSeq ?? 0, beforeSeq ?? Number.MAX_SAFE_INTEGER, limit);
    const messages = rows.map(toMessage);
    return afterSeq === undefined ? messages.reverse() : messages;
  }

  /** What the model gets to read for an answer, oldest first. */
  context(answer: Message, limit: number): Message[] {
    return this.#db.statement(CONTEXT).all(answer.conversationId, answer.seq, limit).map(toMessage).reverse();
  }
}
