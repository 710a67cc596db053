import { isClosed, type AnswerClaim, type EndAs, type Message, type MessageStatus } from '@parley/contracts';
import type { AnswerRef } from '@parley/platform';
import type {
  ClaimRequest,
  Clock,
  FinishedAnswer,
  FinishResult,
  Pen,
  RequestedEnd,
  StoredClaim,
  UnfinishedPage,
  UnfinishedQuery,
} from '../conversation-store.ts';
import { finalStatus } from '../final-status.ts';
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
  UPDATE messages SET end_as = iif(:as = 'superseded', :as, coalesce(end_as, :as)), updated_at = :at
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
  WHERE ${OPEN} AND epoch = :epoch AND ${UNWISHED}`;
const PEN = `SELECT epoch, end_as FROM messages WHERE ${OPEN}`;
const HANDED_OVER = `
  SELECT answer.end_as, question.status AS question
  FROM messages AS answer LEFT JOIN messages AS question ON question.id = answer.reply_to
  WHERE answer.id = :answerId AND answer.open_in = :conversationId AND answer.epoch = :epoch`;
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

  pen(answer: AnswerRef, epoch: number): Pen {
    const { conversationId, answerId } = answer;
    const row = this.#db.statement(PEN).get({ conversationId, answerId });
    if (!row) return { held: false };
    return { held: row.epoch === epoch, ...(row.end_as !== null && { endAs: row.end_as as EndAs }) };
  }

  finish(finished: FinishedAnswer): FinishResult {
    const { conversationId, answerId, epoch } = finished;
    const stored = this.#store(finished);
    if (stored) {
      this.#conversations.touch(stored);
      return { outcome: 'stored', message: stored };
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

  #store({ status, text, usage, ...ref }: FinishedAnswer): Message | undefined {
    const { conversationId, answerId, epoch } = ref;
    const known = this.#db.statement(HANDED_OVER).get({ conversationId, answerId, epoch });
    if (!known) return undefined;
    const endAs = (known.end_as ?? undefined) as EndAs | undefined;
    const question = (known.question ?? undefined) as MessageStatus | undefined;
    const row = this.#db.statement(FINISH).get({
      conversationId,
      answerId,
      epoch,
      status: finalStatus({ status, endAs, question }),
      text: text.toWellFormed(),
      usage: usage ? JSON.stringify(usage) : null,
      at: this.#now(),
    });
    return row && toMessage(row);
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
