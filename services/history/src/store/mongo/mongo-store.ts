import type { Conversation, EndAs, Message } from '@parley/contracts';
import type { AnswerRef } from '@parley/platform';
import type { Connection } from 'mongoose';
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
import { MongoAnswers } from './mongo-answers.ts';
import { newConnection, openConnection, pingServer } from './mongo-connection.ts';
import { MongoConversations } from './mongo-conversations.ts';
import { MongoMessages } from './mongo-messages.ts';
import { mongoModels, type MongoModels } from './mongo-models.ts';
import { MongoTurns } from './mongo-turns.ts';

/** History in MongoDB, or a server compatible with it: for any number of history processes. */
export class MongoStore implements ConversationStore {
  readonly #uri: string;
  readonly #connection: Connection = newConnection();
  readonly #models: MongoModels;
  readonly #conversations: MongoConversations;
  readonly #messages: MongoMessages;
  readonly #turns: MongoTurns;
  readonly #answers: MongoAnswers;

  /** @param uri `mongodb://…` or `mongodb+srv://…`. */
  constructor(uri: string, clock: Clock) {
    this.#uri = uri;
    const models = mongoModels(this.#connection);
    this.#models = models;
    this.#conversations = new MongoConversations(models.conversations, clock);
    this.#messages = new MongoMessages(models.messages, clock, this.#conversations);
    this.#turns = new MongoTurns(models.messages, clock, this.#conversations, this.#messages);
    this.#answers = new MongoAnswers(
      models.messages,
      clock,
      this.#conversations,
      this.#messages,
      this.#turns,
    );
  }

  async start(): Promise<void> {
    await openConnection(this.#connection, this.#uri);
    // What is unique is so only once its index is built.
    await this.#models.conversations.createIndexes();
    await this.#models.messages.createIndexes();
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  async ping(): Promise<void> {
    await pingServer(this.#connection);
  }

  async listConversations(query: ConversationQuery): Promise<ConversationPage> {
    return this.#conversations.list(query);
  }

  async getConversation(conversationId: string): Promise<Conversation | undefined> {
    return this.#conversations.get(conversationId);
  }

  async createConversation(conversation: NewConversation): Promise<CreatedConversation> {
    return this.#conversations.create(conversation);
  }

  async updateConversation(
    conversationId: string,
    changes: ConversationChanges,
  ): Promise<Conversation | undefined> {
    return this.#conversations.update(conversationId, changes);
  }

  async deleteConversation(conversationId: string): Promise<boolean> {
    // Messages first: a deletion that breaks off leaves a conversation that can be deleted again. And once more for those
    // that were on their way.
    await this.#messages.deleteAll(conversationId);
    const deleted = await this.#conversations.delete(conversationId);
    await this.#messages.deleteAll(conversationId);
    return deleted;
  }

  async addMessage(message: NewMessage): Promise<AddedMessage | undefined> {
    return this.#messages.add(message);
  }

  async updateMessage(
    conversationId: string,
    messageId: string,
    content: string,
  ): Promise<Message | undefined> {
    return this.#messages.update(conversationId, messageId, content);
  }

  async getMessage(conversationId: string, messageId: string): Promise<Message | undefined> {
    return this.#messages.get(conversationId, messageId);
  }

  async listMessages(range: MessageRange): Promise<Message[]> {
    return this.#messages.list(range);
  }

  async appendTurn(turn: NewTurn): Promise<StoredTurn> {
    return this.#turns.append(turn);
  }

  async listHalfTurns(query: UnfinishedQuery): Promise<UnfinishedPage> {
    return this.#turns.listHalf(query);
  }

  async completeTurn(message: Message): Promise<StoredTurn | undefined> {
    return this.#turns.complete(message);
  }

  async addAnswer(wanted: FurtherAnswer): Promise<AddedAnswer | undefined> {
    return this.#turns.addAnswer(wanted);
  }

  async supersede(conversationId: string, range: SeqRange): Promise<Superseded> {
    return this.#messages.supersede(conversationId, range);
  }

  async claimAnswer(request: ClaimRequest): Promise<StoredClaim> {
    return this.#answers.claim(request);
  }

  async releaseAnswer(answer: AnswerRef, epoch: number): Promise<boolean> {
    return this.#answers.release(answer, epoch);
  }

  async requestEnd(answer: AnswerRef, as: EndAs): Promise<RequestedEnd | undefined> {
    return this.#answers.requestEnd(answer, as);
  }

  async penOf(answer: AnswerRef, epoch: number): Promise<Pen> {
    return this.#answers.pen(answer, epoch);
  }

  async finishAnswer(finished: FinishedAnswer): Promise<FinishResult> {
    return this.#answers.finish(finished);
  }

  async nextAnswer(conversationId: string): Promise<Message | undefined> {
    return this.#answers.next(conversationId);
  }

  async openAnswersOf(conversationId: string): Promise<Message[]> {
    return this.#answers.openIn(conversationId);
  }

  async listOpenAnswers(query: UnfinishedQuery): Promise<UnfinishedPage> {
    return this.#answers.listOpen(query);
  }
}
