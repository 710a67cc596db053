import type { Message } from '@parley/contracts';
import { trusted, type Model } from 'mongoose';
import { answerInProgress } from '../answer-in-progress.ts';
import type { AddedMessage } from '../conversation-store.ts';
import { answerIdOf } from '../message-ids.ts';
import type { MongoMessages } from './mongo-messages.ts';
import type { MessageDocument } from './mongo-models.ts';

/**
 * Turns that want no other one open before them. Their messages bear a mark that each conversation has once, so that of
 * several processes one stores its own. The mark stays when the turn is over; the next one takes it away.
 */
export class MongoSoleTurns {
  readonly #model: Model<MessageDocument>;
  readonly #messages: MongoMessages;

  constructor(model: Model<MessageDocument>, messages: MongoMessages) {
    this.#model = model;
    this.#messages = messages;
  }

  /** @throws ParleyError ANSWER_IN_PROGRESS if something else is open: before anything is written. */
  async assertNoneOpen(conversationId: string, messageId: string, noneOpenBefore: number): Promise<void> {
    const isOpen = await this.#model.exists({
      openIn: conversationId,
      seq: trusted({ $lt: noneOpenBefore }),
      // The same message may be on its way to the store twice.
      _id: trusted({ $nin: [messageId, answerIdOf(messageId)] }),
    });
    if (isOpen) throw answerInProgress();
  }

  /** Stores a message of which only half a turn is there yet. @throws ParleyError ANSWER_IN_PROGRESS */
  async insert(message: Message, noneOpenBefore: number): Promise<AddedMessage> {
    const { conversationId } = message;
    return this.#messages.insert(message, { openIn: conversationId, soleIn: conversationId }, () =>
      this.#makeWay(conversationId, noneOpenBefore),
    );
  }

  async #makeWay(conversationId: string, noneOpenBefore: number): Promise<boolean> {
    const holder = await this.#model.findOne({ soleIn: conversationId }).lean<MessageDocument>();
    if (!holder) return false;
    if (holder.seq < noneOpenBefore && (await this.#isUnderWay(holder))) throw answerInProgress();
    await this.#model.updateOne({ _id: holder._id, soleIn: conversationId }, { $unset: { soleIn: 1 } });
    return true;
  }

  /** In this order: a half turn is no longer marked as one only once its answer is there. */
  async #isUnderWay({ _id, conversationId, openIn }: MessageDocument): Promise<boolean> {
    if (openIn !== undefined) return true;
    return (await this.#model.exists({ _id: answerIdOf(_id), openIn: conversationId })) !== null;
  }
}
