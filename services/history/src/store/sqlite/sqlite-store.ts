import type { Conversation, EndAs, Message } from '@parley/contracts';
import type { AnswerRef } from '@parley/platform';
import type {
  AddedAnswer,
  AddedMessage,
  ClaimRequest,
  Clock,
  ConversationChanges,
  ConversationPage,
  ConversationQuery,
  ConversationStore,
  CreatedConversation,
  FinishedAnswer,
  FinishResult,
  FurtherAnswer,
  MessageRange,
  NewConversation,
  NewMessage,
  NewTurn,
  Pen,
  RequestedEnd,
  SeqRange,
  StoredClaim,
  StoredTurn,
  Superseded,
  UnfinishedPage,
  UnfinishedQuery,
} from '../conversation-store.ts';
import { SqliteAnswers } from './sqlite-answers.ts';
import { SqliteConversations } from './sqlite-conversations.ts';
import { SqliteDatabase } from './sqlite-database.ts';
import { SqliteMessages } from './sqlite-messages.ts';
import { SqliteTurns } from './sqlite-turns.ts';

/** History in one SQLite file, or in memory: for one history process. A write is one transaction. */
export class SqliteStore implements ConversationStore {
  readonly #db: SqliteDatabase;
  readonly #conversations: SqliteConversations;
  readonly #messages: SqliteMessages;
  readonly #turns: SqliteTurns;
  readonly #answers: SqliteAnswers;

  /** @param path of the file, or `:memory:`. */
  constructor(path: string, clock: Clock) {
    const db = new SqliteDatabase(path);
    this.#db = db;
    this.#conversations = new SqliteConversations(db, clock);
    this.#messages = new SqliteMessages(db, clock, this.#conversations);
    this.#turns = new SqliteTurns(db, clock, this.#conversations, this.#messages);
    this.#answers = new SqliteAnswers(db, clock, this.#conversations, this.#messages);
  }

  async start(): Promise<void> {
    await read(() => this.#db.open());
  }

  async close(): Promise<void> {
    await read(() => this.#db.close());
  }

  async ping(): Promise<void> {
    await read(() => this.#db.statement('SELECT 1').get());
  }

  async listConversations(query: ConversationQuery): Promise<ConversationPage> {
    return read(() => this.#conversations.list(query));
  }

  async getConversation(conversationId: string): Promise<Conversation | undefined> {
    return read(() => this.#conversations.get(conversationId));
  }

  async createConversation(conversation: NewConversation): Promise<CreatedConversation> {
    return this.#db.write(() => this.#conversations.create(conversation));
  }

  async updateConversation(
    conversationId: string,
    changes: ConversationChanges,
  ): Promise<Conversation | undefined> {
    return this.#db.write(() => this.#conversations.update(conversationId, changes));
  }

  async deleteConversation(conversationId: string): Promise<boolean> {
    return this.#db.write(() => this.#conversations.delete(conversationId));
  }

  async addMessage(message: NewMessage): Promise<AddedMessage | undefined> {
    return this.#db.write(() => this.#messages.add(message));
  }

  async updateMessage(
    conversationId: string,
    messageId: string,
    content: string,
  ): Promise<Message | undefined> {
    return this.#db.write(() => this.#messages.update(conversationId, messageId, content));
  }

  async getMessage(conversationId: string, messageId: string): Promise<Message | undefined> {
    return read(() => this.#messages.get(conversationId, messageId));
  }

  async listMessages(range: MessageRange): Promise<Message[]> {
    return read(() => this.#messages.list(range));
  }

  async appendTurn(turn: NewTurn): Promise<StoredTurn> {
    return this.#db.write(() => this.#turns.append(turn));
  }

  /** None, ever: a turn is one transaction. */
  async listHalfTurns(): Promise<UnfinishedPage> {
    return read(() => ({ messages: [] }));
  }

  async completeTurn(message: Message): Promise<StoredTurn | undefined> {
    return read(() => {
      const conversation = this.#conversations.get(message.conversationId);
      return conversation && this.#turns.read(message);
    });
  }

  async addAnswer(wanted: FurtherAnswer): Promise<AddedAnswer | undefined> {
    return this.#db.write(() => this.#turns.addAnswer(wanted));
  }

  async supersede(conversationId: string, range: SeqRange): Promise<Superseded> {
    // Messages are stored in the order of their `seq`: nothing comes late to a range.
    const messages = await this.#db.write(() => this.#messages.supersede(conversationId, range));
    return { messages, beforeSeq: range.beforeSeq };
  }

  async claimAnswer(request: ClaimRequest): Promise<StoredClaim> {
    return this.#db.write(() => this.#answers.claim(request));
  }

  async releaseAnswer(answer: AnswerRef, epoch: number): Promise<boolean> {
    return this.#db.write(() => this.#answers.release(answer, epoch));
  }

  async requestEnd(answer: AnswerRef, as: EndAs): Promise<RequestedEnd | undefined> {
    return this.#db.write(() => this.#answers.requestEnd(answer, as));
  }

  async penOf(answer: AnswerRef, epoch: number): Promise<Pen> {
    return read(() => this.#answers.pen(answer, epoch));
  }

  async finishAnswer(finished: FinishedAnswer): Promise<FinishResult> {
    return this.#db.write(() => this.#answers.finish(finished));
  }

  async nextAnswer(conversationId: string): Promise<Message | undefined> {
    return read(() => this.#answers.next(conversationId));
  }

  async openAnswersOf(conversationId: string): Promise<Message[]> {
    return read(() => this.#answers.openIn(conversationId));
  }

  async listOpenAnswers(query: UnfinishedQuery): Promise<UnfinishedPage> {
    return read(() => this.#answers.listOpen(query));
  }
}

/** A read sees what has been committed; it needs no transaction. Thrown errors become rejections. */
function read<T>(work: () => T): Promise<T> {
  return new Promise(resolve => resolve(work()));
}
