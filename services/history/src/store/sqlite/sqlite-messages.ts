import { OPEN_ANSWER_STATUSES, type Message } from '@parley/contracts';
import type { AddedMessage, Clock, MessageRange, NewMessage, SeqRange } from '../conversation-store.ts';
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
const HAS_ENDED = `status NOT IN (${OPEN_ANSWER_STATUSES.map(status => `'${status}'`).join()})`;
// The question stays: it may be superseded while its answer is on its way to a worker.
const CONTEXT = `
  SELECT * FROM messages
  WHERE conversation_id = :conversationId AND seq < :seq AND content <> ''
    AND ${HAS_ENDED} AND (status <> 'superseded' OR id = :question)
  ORDER BY seq DESC LIMIT :limit`;
const SUPERSEDE = `
  UPDATE messages SET status = 'superseded', updated_at = :at
  WHERE conversation_id = :conversationId AND seq >= :fromSeq AND seq < :beforeSeq
    AND ${HAS_ENDED} AND status <> 'superseded'
  RETURNING *`;

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
  context({ conversationId, seq, replyTo }: Message, limit: number): Message[] {
    const bindings = { conversationId, seq, question: replyTo ?? null, limit };
    return this.#db.statement(CONTEXT).all(bindings).map(toMessage).reverse();
  }

  supersede(conversationId: string, { fromSeq, beforeSeq }: SeqRange): Message[] {
    const at = this.#clock().toISOString();
    const rows = this.#db.statement(SUPERSEDE).all({ conversationId, fromSeq, beforeSeq, at });
    return rows.map(toMessage).sort((a, b) => a.seq - b.seq);
  }
}
