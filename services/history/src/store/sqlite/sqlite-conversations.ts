import { previewOf, titleFrom } from '@parley/contracts';
import type { Conversation, ConversationMode, Message } from '@parley/contracts';
import { pageOf, readCursor } from '../conversation-cursor.ts';
import type {
  Clock,
  ConversationChanges,
  ConversationPage,
  ConversationQuery,
  CreatedConversation,
  NewConversation,
  NewTurn,
} from '../conversation-store.ts';
import { newConversation, wellFormed } from '../new-records.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import { conversationBindings, toConversation } from './sqlite-rows.ts';

const COLUMNS = `(id, title, mode, visitor_id, user_agent, ip_address, last_message, created_at, updated_at, next_seq)`;
const VALUES = `(:id, :title, :mode, :visitorId, :userAgent, :ipAddress, :lastMessage, :createdAt, :updatedAt, :nextSeq)`;

const CREATE = `INSERT INTO conversations ${COLUMNS} VALUES ${VALUES} ON CONFLICT DO NOTHING RETURNING *`;
const OPEN_TURN = `
  INSERT INTO conversations ${COLUMNS} VALUES ${VALUES}
  ON CONFLICT DO UPDATE SET
    title = iif(title = '', excluded.title, title),
    last_message = excluded.last_message,
    updated_at = max(updated_at, excluded.updated_at),
    next_seq = next_seq + excluded.next_seq
  RETURNING mode, next_seq`;
const NEXT_SEQ = 'UPDATE conversations SET next_seq = next_seq + 1 WHERE id = ? RETURNING next_seq';
const TOUCH = `
  UPDATE conversations SET last_message = coalesce(?, last_message), updated_at = max(updated_at, ?) WHERE id = ?`;
const GET = 'SELECT * FROM conversations WHERE id = ?';
const UPDATE =
  'UPDATE conversations SET title = coalesce(?, title), mode = coalesce(?, mode) WHERE id = ? RETURNING *';
const DELETE = 'DELETE FROM conversations WHERE id = ?';
const ORDER = 'ORDER BY updated_at DESC, id DESC LIMIT :limit';
const OLDER = '(updated_at, id) < (:updatedAt, :id)';

/** The rows of conversations. Everything here is synchronous; who calls it decides about transactions. */
export class SqliteConversations {
  readonly #db: SqliteDatabase;
  readonly #clock: Clock;

  constructor(db: SqliteDatabase, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  list({ limit, before, visitorId }: ConversationQuery): ConversationPage {
    const conditions = [
      ...(visitorId === undefined ? [] : ['visitor_id = :visitorId']),
      ...(before === undefined ? [] : [OLDER]),
    ];
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    const rows = this.#db.statement(`SELECT * FROM conversations ${where} ${ORDER}`).all({
      limit: limit + 1,
      ...(visitorId !== undefined && { visitorId }),
      ...(before !== undefined && { ...readCursor(before) }),
    });
    return pageOf(rows.map(toConversation), limit);
  }

  get(conversationId: string): Conversation | undefined {
    const row = this.#db.statement(GET).get(conversationId);
    return row && toConversation(row);
  }

  create(conversation: NewConversation): CreatedConversation {
    const bindings = conversationBindings(newConversation(conversation, this.#clock()));
    const created = this.#db.statement(CREATE).get({ ...bindings, nextSeq: 0 });
    const row = created ?? this.#db.statement(GET).get(conversation.conversationId);
    if (!row) throw new Error('A conversation is neither there nor can it be created');
    return { conversation: toConversation(row), created: created !== undefined };
  }

  update(conversationId: string, { title, mode }: ConversationChanges): Conversation | undefined {
    const text = title === undefined ? null : wellFormed('title', title);
    const row = this.#db.statement(UPDATE).get(text, mode ?? null, conversationId);
    return row && toConversation(row);
  }

  delete(conversationId: string): boolean {
    return this.#db.statement(DELETE).run(conversationId).changes > 0;
  }

  /** Makes room for a user message and its answer. @returns the message's `seq`, and who answers. */
  openTurn(turn: NewTurn): { seq: number; mode: ConversationMode } {
    const conversation: Conversation = {
      ...newConversation(turn, this.#clock()),
      title: titleFrom(turn.content),
      lastMessage: previewOf(turn.content),
    };
    const row = this.#db.statement(OPEN_TURN).get({ ...conversationBindings(conversation), nextSeq: 2 });
    return { seq: Number(row?.next_seq) - 1, mode: row?.mode as ConversationMode };
  }

  /** @returns the next `seq`, or undefined if there is no such conversation. */
  nextSeq(conversationId: string): number | undefined {
    const row = this.#db.statement(NEXT_SEQ).get(conversationId);
    return row && Number(row.next_seq);
  }

  /** A message has been stored: it is what lists show of its conversation. */
  touch({ conversationId, content, updatedAt }: Message): void {
    const preview = content === '' ? null : previewOf(content);
    this.#db.statement(TOUCH).run(preview, updatedAt, conversationId);
  }
}
