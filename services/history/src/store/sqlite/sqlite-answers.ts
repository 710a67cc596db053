import { isClosed, type AnswerClaim, type EndAs, type Message } from '@parley/contracts';
import type { AnswerRef } from '@parley/platform';
import type {
  ClaimRequest,
  Clock,
  FinishedAnswer,
  FinishResult,
  RequestedEnd,
  StoredClaim,
  UnfinishedPage,
  UnfinishedQuery,
} from '../conversation-store.ts';
import { nextAnswersOf } from '../unfinished-page.ts';
import type { SqliteConversations } from './sqlite-conversations.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import type { SqliteMessages } from './sqlite-messages.ts';
import { toMessage, type Row } from './sqlite-rows.ts';

const OPEN = 'id = :answerId AND open_in = :conversationId';
const UNWISHED = 'end_as IS NULL';
const CLOSE = 'UPDATE messages SET epoch = epoch + 1, open_in = NULL, updated_at = :at';
const SUPERSEDE = `${CLOSE}, status = 'superseded' WHERE ${OPEN} AND ${UNWISHED} RETURNING *`;
const WISH = `
  UPDATE messages SET end_as = coalesce(end_as, :as), updated_at = :at
  WHERE ${OPEN} RETURNING end_as, epoch, status`;
const CLOSE_AS_WISHED = `${CLOSE}, status = end_as WHERE ${OPEN} RETURNING *`;
const CLAIMED = `SELECT * FROM messages WHERE ${OPEN} AND claim_id = :claimId`;
const CLAIM = 'UPDATE messages SET epoch = epoch + 1, claim_id = :claimId, updated_at = :at';
const RUN = `
  ${CLAIM}, claim_outcome = 'run', status = 'streaming', runs = runs + 1
  WHERE ${OPEN} AND runs < :maxRuns AND ${UNWISHED} RETURNING *`;
const FENCE = `${CLAIM}, claim_outcome = 'exhausted' WHERE ${OPEN} RETURNING *`;
const RELEASE = `
  UPDATE messages SET runs = runs - (status = 'streaming'), status = 'pending', updated_at = :at
  WHERE ${OPEN} AND epoch = :epoch`;
const FINISH = `
  UPDATE messages SET status = :status, content = :text, usage = :usage, open_in = NULL, updated_at = :at
  WHERE ${OPEN} AND epoch = :epoch RETURNING *`;
const OPEN_ANSWERS = 'SELECT * FROM messages WHERE open_in = ? ORDER BY seq LIMIT ?';
const ALL_OPEN = 'SELECT * FROM messages WHERE open_in > ? ORDER BY open_in, seq LIMIT ?';
const NO_LIMIT = -1;

/** The life of answers. Everything here is synchronous; who calls it decides about transactions. */
export class SqliteAnswers {
  readonly #db: SqliteDatabase;
  readonly #clock: Clock;
  readonly #conversations: SqliteConversations;
  readonly #messages: SqliteMessages;

  constructor(
    db: SqliteDatabase,
    clock: Clock,
    conversations: SqliteConversations,
    messages: SqliteMessages,
  ) {
    this.#db = db;
    this.#clock = clock;
    this.#conversations = conversations;
    this.#messages = messages;
  }

  claim(request: ClaimRequest): StoredClaim {
    const { conversationId, answerId, claimId, maxRuns } = request;
    const ref = { conversationId, answerId };
    const at = this.#now();
    if (this.#conversations.get(conversationId)?.mode === 'human') {
      const closed = this.#db.statement(SUPERSEDE).get({ ...ref, at });
      if (closed) return { claim: { outcome: 'closed' }, closed: toMessage(closed) };
    }
    const claimed =
      this.#db.statement(CLAIMED).get({ ...ref, claimId }) ??
      this.#db.statement(RUN).get({ ...ref, claimId, maxRuns, at }) ??
      this.#db.statement(FENCE).get({ ...ref, claimId, at });
    if (claimed) return { claim: this.#claimOf(claimed, request) };
    return this.#messages.get(conversationId, answerId) && { claim: { outcome: 'closed' } };
  }

  release({ conversationId, answerId }: AnswerRef, epoch: number): boolean {
    const bindings = { conversationId, answerId, epoch, at: this.#now() };
    return this.#db.statement(RELEASE).run(bindings).changes > 0;
  }

  requestEnd({ conversationId, answerId }: AnswerRef, as: EndAs): RequestedEnd | undefined {
    const answer = { conversationId, answerId, at: this.#now() };
    const wished = this.#db.statement(WISH).get({ ...answer, as });
    if (wished?.status === 'pending') {
      const closed = this.#db.statement(CLOSE_AS_WISHED).get(answer);
      if (closed) return { outcome: 'closed', message: toMessage(closed) };
    }
    if (wished) return { outcome: 'wished', epoch: Number(wished.epoch), as: wished.end_as as EndAs };
    const isThere = this.#messages.get(conversationId, answerId)?.role === 'assistant';
    return isThere ? { outcome: 'ended' } : undefined;
  }

  finish({ conversationId, answerId, epoch, status, text, usage }: FinishedAnswer): FinishResult {
    const row = this.#db.statement(FINISH).get({
      conversationId,
      answerId,
      epoch,
      status,
      text: text.toWellFormed(),
      usage: usage ? JSON.stringify(usage) : null,
      at: this.#now(),
    });
    if (row) {
      const message = toMessage(row);
      this.#conversations.touch(message);
      return { outcome: 'stored', message };
    }
    const message = this.#messages.get(conversationId, answerId);
    if (!message) return { outcome: 'unknown' };
    const isRepeat = isClosed(message.status) && message.epoch === epoch;
    return isRepeat ? { outcome: 'repeat', message } : { outcome: 'stale' };
  }

  next(conversationId: string): Message | undefined {
    const row = this.#db.statement(OPEN_ANSWERS).get(conversationId, 1);
    return row && toMessage(row);
  }

  openIn(conversationId: string): Message[] {
    return this.#db.statement(OPEN_ANSWERS).all(conversationId, NO_LIMIT).map(toMessage);
  }

  listOpen(query: UnfinishedQuery): UnfinishedPage {
    const rows = this.#db.statement(ALL_OPEN).all(query.after ?? '', query.limit);
    return nextAnswersOf(rows.map(toMessage), query);
  }

  #claimOf(row: Row, { maxRuns, contextMessages }: ClaimRequest): AnswerClaim {
    const epoch = Number(row.epoch);
    if (row.end_as !== null) return { outcome: 'exhausted', epoch, endAs: row.end_as as EndAs };
    if (row.claim_outcome === 'exhausted') return { outcome: 'exhausted', epoch };
    const context = this.#messages.context(toMessage(row), contextMessages);
    return { outcome: 'run', epoch, lastRun: Number(row.runs) >= maxRuns, context };
  }

  #now(): string {
    return this.#clock().toISOString();
  }
}
