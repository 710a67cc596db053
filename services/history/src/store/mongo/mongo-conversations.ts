import { previewOf, titleFrom } from '@parley/contracts';
import type { Conversation, ConversationMode, Message } from '@parley/contracts';
import { trusted, type Model, type UpdateQuery } from 'mongoose';
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
import { isDuplicate } from './mongo-connection.ts';
import { conversationDocument, toConversation } from './mongo-documents.ts';
import type { ConversationDocument } from './mongo-models.ts';

const SEQS_PER_TURN = 2;

/** The collection of conversations. */
export class MongoConversations {
  readonly #model: Model<ConversationDocument>;
  readonly #clock: Clock;

  constructor(model: Model<ConversationDocument>, clock: Clock) {
    this.#model = model;
    this.#clock = clock;
  }

  async list({ limit, before, visitorId }: ConversationQuery): Promise<ConversationPage> {
    const documents = await this.#model
      .find({
        ...(visitorId !== undefined && { visitorId }),
        ...(before !== undefined && { $or: olderThan(before) }),
      })
      .sort({ updatedAt: -1, _id: -1 })
      .limit(limit + 1)
      .lean<ConversationDocument[]>();
    return pageOf(documents.map(toConversation), limit);
  }

  async get(conversationId: string): Promise<Conversation | undefined> {
    const document = await this.#model.findOne({ _id: conversationId }).lean<ConversationDocument>();
    return document ? toConversation(document) : undefined;
  }

  async create(wanted: NewConversation): Promise<CreatedConversation> {
    const conversation = newConversation(wanted, this.#clock());
    try {
      await this.#model.create([conversationDocument(conversation, 0)]);
      return { conversation, created: true };
    } catch (error) {
      const known = isDuplicate(error) ? await this.get(conversation.id) : undefined;
      if (known) return { conversation: known, created: false };
      throw error;
    }
  }

  async update(
    conversationId: string,
    { title, mode }: ConversationChanges,
  ): Promise<Conversation | undefined> {
    const changes = {
      ...(title !== undefined && { title: wellFormed('title', title) }),
      ...(mode !== undefined && { mode }),
    };
    const document = await this.#model
      .findOneAndUpdate({ _id: conversationId }, { $set: changes }, { returnDocument: 'after' })
      .lean<ConversationDocument>();
    return document ? toConversation(document) : undefined;
  }

  async delete(conversationId: string): Promise<boolean> {
    return (await this.#model.deleteOne({ _id: conversationId })).deletedCount > 0;
  }

  /** Makes room for a user message and its answer. @returns the message's `seq`, and who answers. */
  async openTurn(turn: NewTurn): Promise<{ seq: number; mode: ConversationMode }> {
    const { id, updatedAt, ...fresh } = newConversation(turn, this.#clock());
    const title = titleFrom(turn.content);
    const document = await this.#upsert(id, {
      $setOnInsert: { ...fresh, title },
      $inc: { nextSeq: SEQS_PER_TURN },
      $set: { lastMessage: previewOf(turn.content) },
      $max: { updatedAt },
    });
    if (document.title === '') await this.#model.updateOne({ _id: id, title: '' }, { $set: { title } });
    return { seq: document.nextSeq - 1, mode: document.mode };
  }

  /** As `openTurn`, but nobody sees the turn before `showTurn`: it may be refused yet. */
  async reserveTurn(turn: NewTurn): Promise<{ seq: number; mode: ConversationMode }> {
    const { id, ...fresh } = newConversation(turn, this.#clock());
    const document = await this.#upsert(id, { $setOnInsert: fresh, $inc: { nextSeq: SEQS_PER_TURN } });
    return { seq: document.nextSeq - 1, mode: document.mode };
  }

  /** May be repeated, also later: what has been said meanwhile stays what lists show. */
  async showTurn(message: Message): Promise<void> {
    const { conversationId: _id, content, createdAt } = message;
    // By the time it was said: a half turn may have been superseded since.
    await this.touch({ ...message, updatedAt: createdAt });
    await this.#model.updateOne({ _id, title: '' }, { $set: { title: titleFrom(content) } });
  }

  /** @returns the next `seq`, or undefined if there is no such conversation. */
  async nextSeq(conversationId: string): Promise<number | undefined> {
    const document = await this.#model
      .findOneAndUpdate({ _id: conversationId }, { $inc: { nextSeq: 1 } }, { returnDocument: 'after' })
      .lean<ConversationDocument>();
    return document?.nextSeq;
  }

  /** No `seq` up to this one will be given away. */
  async skipSeqs(conversationId: string, upTo: number): Promise<void> {
    await this.#model.updateOne({ _id: conversationId }, { $max: { nextSeq: upTo } });
  }

  /** A message has been stored: it is what lists show of its conversation, unless a newer one is. */
  async touch({ conversationId, content, updatedAt }: Message): Promise<void> {
    await this.#model.updateOne(
      { _id: conversationId, updatedAt: trusted({ $lte: updatedAt }) },
      { $set: { updatedAt, ...(content !== '' && { lastMessage: previewOf(content) }) } },
    );
  }

  async #upsert(id: string, update: UpdateQuery<ConversationDocument>): Promise<ConversationDocument> {
    const once = async (): Promise<ConversationDocument> =>
      this.#model
        .findOneAndUpdate({ _id: id }, update, { upsert: true, returnDocument: 'after' })
        .lean<ConversationDocument>()
        .orFail();
    try {
      return await once();
    } catch (error) {
      // Somebody else has created it at the same moment; now it is there.
      if (isDuplicate(error)) return once();
      throw error;
    }
  }
}

function olderThan(cursor: string): object[] {
  const { updatedAt, id } = readCursor(cursor);
  return [{ updatedAt: trusted({ $lt: updatedAt }) }, { updatedAt, _id: trusted({ $lt: id }) }];
}
