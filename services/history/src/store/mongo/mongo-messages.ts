import { OPEN_ANSWER_STATUSES, ParleyError, type Message } from '@parley/contracts';
import { trusted, type Model } from 'mongoose';
import type {
  AddedMessage,
  Clock,
  MessageRange,
  NewMessage,
  SeqRange,
  Superseded,
} from '../conversation-store.ts';
import { messageIdOf } from '../message-ids.ts';
import { newMessage, wellFormed } from '../new-records.ts';
import { isDuplicate } from './mongo-connection.ts';
import type { MongoConversations } from './mongo-conversations.ts';
import { messageDocument, toMessage } from './mongo-documents.ts';
import type { MessageDocument } from './mongo-models.ts';

const OPEN_OR_SUPERSEDED = [...OPEN_ANSWER_STATUSES, 'superseded'] as const;

/** Of a message that is not finished: what it is found by, and how often it ran. */
type Unfinished = Pick<MessageDocument, 'openIn' | 'soleIn' | 'runs'>;
/** Looks who has the mark that a message is stored with. @returns true if it is free now. */
type MakeWay = () => Promise<boolean>;

/** The collection of messages. */
export class MongoMessages {
  readonly #model: Model<MessageDocument>;
  readonly #clock: Clock;
  readonly #conversations: MongoConversations;

  constructor(model: Model<MessageDocument>, clock: Clock, conversations: MongoConversations) {
    this.#model = model;
    this.#clock = clock;
    this.#conversations = conversations;
  }

  /** Stores the message unless one with its id is stored, which is what it then returns. */
  async insert(
    message: Message,
    unfinished: Unfinished = {},
    makeWay: MakeWay = () => Promise.resolve(false),
  ): Promise<AddedMessage> {
    try {
      await this.#model.create([{ ...messageDocument(message), ...unfinished }]);
      return { message, created: true };
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      const known = await this.get(message.conversationId, message.id);
      if (known) return { message: known, created: false };
      const isFree = await makeWay();
      const seq = isFree ? message.seq : await this.#seqBehindAll(message, error);
      return this.insert({ ...message, seq }, unfinished, makeWay);
    }
  }

  async add(message: NewMessage): Promise<AddedMessage | undefined> {
    const { conversationId, clientMessageId } = message;
    wellFormed('content', message.content);
    const known = await this.get(conversationId, messageIdOf(conversationId, clientMessageId));
    if (known) return { message: known, created: false };
    const seq = await this.#conversations.nextSeq(conversationId);
    if (seq === undefined) return undefined;
    const added = await this.insert(newMessage(message, seq, this.#clock()));
    if (added.created) await this.#conversations.touch(added.message);
    return added;
  }

  async update(conversationId: string, messageId: string, content: string): Promise<Message | undefined> {
    const changes = { content: wellFormed('content', content), updatedAt: this.#clock().toISOString() };
    const document = await this.#model
      .findOneAndUpdate(
        { _id: messageId, conversationId, status: trusted({ $nin: [...OPEN_ANSWER_STATUSES] }) },
        { $set: changes },
        { returnDocument: 'after' },
      )
      .lean<MessageDocument>();
    return document ? toMessage(document) : undefined;
  }

  async get(conversationId: string, messageId: string): Promise<Message | undefined> {
    const document = await this.#model.findOne({ _id: messageId, conversationId }).lean<MessageDocument>();
    return document ? toMessage(document) : undefined;
  }

  async list({ conversationId, limit, beforeSeq, afterSeq }: MessageRange): Promise<Message[]> {
    const seq = { $gt: afterSeq ?? 0, ...(beforeSeq !== undefined && { $lt: beforeSeq }) };
    const documents = await this.#model
      .find({ conversationId, seq: trusted(seq) })
      .sort({ seq: afterSeq === undefined ? -1 : 1 })
      .limit(limit)
      .lean<MessageDocument[]>();
    const messages = documents.map(toMessage);
    return afterSeq === undefined ? messages.reverse() : messages;
  }

  /** What the model gets to read for an answer, oldest first. */
  async context({ conversationId, seq, replyTo }: Message, limit: number): Promise<Message[]> {
    const documents = await this.#model
      .find({
        conversationId,
        seq: trusted({ $lt: seq }),
        content: trusted({ $ne: '' }),
        // The question stays: it may be superseded while its answer is on its way to a worker.
        $or: [
          { status: trusted({ $nin: [...OPEN_OR_SUPERSEDED] }) },
          ...(replyTo === undefined ? [] : [{ _id: replyTo }]),
        ],
      })
      .sort({ seq: -1 })
      .limit(limit)
      .lean<MessageDocument[]>();
    return documents.map(toMessage).reverse();
  }

  /** Two calls at the same time may both return what one of them has changed. */
  async supersede(conversationId: string, range: SeqRange): Promise<Superseded> {
    const beforeSeq = await this.#reach(conversationId, range);
    const messages = await this.#supersede(conversationId, { ...range, beforeSeq });
    return { messages, beforeSeq };
  }

  async deleteAll(conversationId: string): Promise<void> {
    await this.#model.deleteMany({ conversationId });
  }

  /**
   * What was given an earlier place may come to be stored behind what replaces the same message. So that message bears how
   * far it was replaced, and whoever comes late finds itself in the range.
   */
  async #reach(conversationId: string, { fromSeq, beforeSeq }: SeqRange): Promise<number> {
    const first = await this.#model
      .findOneAndUpdate(
        { conversationId, seq: fromSeq },
        { $max: { replacedBefore: beforeSeq } },
        { returnDocument: 'after' },
      )
      .lean<MessageDocument>();
    return first?.replacedBefore ?? beforeSeq;
  }

  async #supersede(conversationId: string, { fromSeq, beforeSeq }: SeqRange): Promise<Message[]> {
    const isCurrent = { conversationId, status: trusted({ $nin: [...OPEN_OR_SUPERSEDED] }) };
    const documents = await this.#model
      .find({ ...isCurrent, seq: trusted({ $gte: fromSeq, $lt: beforeSeq }) })
      .sort({ seq: 1 })
      .lean<MessageDocument[]>();
    if (documents.length === 0) return [];
    const ids = documents.map(({ _id }) => _id);
    const changes = { status: 'superseded', updatedAt: this.#clock().toISOString() } as const;
    await this.#model.updateMany({ ...isCurrent, _id: trusted({ $in: ids }) }, { $set: changes });
    return documents.map(document => toMessage({ ...document, ...changes }));
  }

  /**
   * A place is taken that was given to this message only when the collections disagree: an append crossed the deletion of
   * its conversation, or one of the two came from an older backup. Nothing is overwritten; the message goes to the end.
   */
  async #seqBehindAll({ conversationId }: Message, cause: unknown): Promise<number> {
    const [newest] = await this.list({ conversationId, limit: 1 });
    if (newest) await this.#conversations.skipSeqs(conversationId, newest.seq);
    const seq = await this.#conversations.nextSeq(conversationId);
    if (seq === undefined) throw new ParleyError('CONVERSATION_NOT_FOUND', { cause });
    return seq;
  }
}
