import { isClosed, type ConversationMode, type Message } from '@parley/contracts';
import { trusted, type Model } from 'mongoose';
import type {
  AddedAnswer,
  Clock,
  FurtherAnswer,
  NewTurn,
  StoredTurn,
  UnfinishedPage,
  UnfinishedQuery,
} from '../conversation-store.ts';
import { keyInUse } from '../key-in-use.ts';
import { answerIdOf, furtherAnswerIdOf, messageIdOf } from '../message-ids.ts';
import { furtherAnswer, newAnswer, newMessage, wellFormed } from '../new-records.ts';
import { halfTurnsOf } from '../unfinished-page.ts';
import type { MongoConversations } from './mongo-conversations.ts';
import { toMessage } from './mongo-documents.ts';
import type { MongoMessages } from './mongo-messages.ts';
import type { MessageDocument } from './mongo-models.ts';
import { MongoSoleTurns } from './mongo-sole-turns.ts';

/**
 * Turns, without transactions: room in the conversation, the user message marked as half a turn, the answer, the mark
 * removed. Ids follow from the key and every step can be repeated, so whoever comes next completes what broke off.
 */
export class MongoTurns {
  readonly #model: Model<MessageDocument>;
  readonly #clock: Clock;
  readonly #conversations: MongoConversations;
  readonly #messages: MongoMessages;
  readonly #soleTurns: MongoSoleTurns;

  constructor(
    model: Model<MessageDocument>,
    clock: Clock,
    conversations: MongoConversations,
    messages: MongoMessages,
  ) {
    this.#model = model;
    this.#clock = clock;
    this.#conversations = conversations;
    this.#messages = messages;
    this.#soleTurns = new MongoSoleTurns(model, messages);
  }

  async append(turn: NewTurn): Promise<StoredTurn> {
    const { conversationId, clientMessageId } = turn;
    wellFormed('content', turn.content);
    const id = messageIdOf(conversationId, clientMessageId);
    const stored = await this.#model
      .find({ _id: trusted({ $in: [id, answerIdOf(id)] }), conversationId })
      .lean<MessageDocument[]>();
    const known = stored.find(({ _id }) => _id === id);
    if (known) return this.#repeat(known);
    // A further answer was asked for under this key.
    if (stored.length > 0) throw keyInUse();
    if (turn.noneOpenBefore !== undefined) return this.#appendAlone(turn, id, turn.noneOpenBefore);
    const { seq, mode } = await this.#conversations.openTurn(turn);
    const message = newMessage(turn, seq, this.#clock());
    if (mode === 'ai') {
      const stored = await this.#messages.insert(message, { openIn: conversationId });
      return this.#complete(stored.message, mode);
    }
    return this.#withoutAnswer(await this.#messages.insert(message));
  }

  async #appendAlone(turn: NewTurn, id: string, noneOpenBefore: number): Promise<StoredTurn> {
    await this.#soleTurns.assertNoneOpen(turn.conversationId, id, noneOpenBefore);
    const { seq, mode } = await this.#conversations.reserveTurn(turn);
    const message = newMessage(turn, seq, this.#clock());
    if (mode === 'human') {
      // Nothing refuses it any more, and nobody would complete it.
      await this.#conversations.showTurn(message);
      return this.#withoutAnswer(await this.#messages.insert(message));
    }
    const stored = await this.#soleTurns.insert(message, noneOpenBefore);
    await this.#conversations.showTurn(stored.message);
    return this.#complete(stored.message, mode);
  }

  async complete(message: Message): Promise<StoredTurn | undefined> {
    const conversation = await this.#conversations.get(message.conversationId);
    if (!conversation) {
      await this.#messages.deleteAll(message.conversationId);
      return undefined;
    }
    await this.#conversations.showTurn(message);
    return this.#complete(message, conversation.mode);
  }

  async addAnswer(wanted: FurtherAnswer): Promise<AddedAnswer | undefined> {
    const { conversationId, clientMessageId } = wanted;
    const id = furtherAnswerIdOf(conversationId, clientMessageId);
    const known = await this.#messages.get(conversationId, id);
    if (known) return { answer: known, enqueue: await this.#isNext(known, known), created: false };
    const seq = await this.#conversations.nextSeq(conversationId);
    if (seq === undefined) return undefined;
    const { message: answer, created } = await this.#messages.insert(
      furtherAnswer(wanted, seq, this.#clock()),
      { openIn: conversationId, runs: 0 },
    );
    return { answer, enqueue: await this.#isNext(answer, answer), created };
  }

  async listHalf(query: UnfinishedQuery): Promise<UnfinishedPage> {
    return halfTurnsOf(await this.openRecords(query), query);
  }

  /** A page of what is open, answers and halves of turns, in the order of the index. */
  async openRecords({ after = '', limit }: UnfinishedQuery): Promise<Message[]> {
    const page = await this.#model
      .find({ openIn: trusted({ $gt: after }) })
      .sort({ openIn: 1 })
      .limit(limit)
      .lean<MessageDocument[]>();
    const crowded =
      page.length === limit && page[0]?.openIn === page.at(-1)?.openIn ? page[0]?.openIn : undefined;
    return (crowded === undefined ? page : await this.#oldestOpen(crowded, limit)).map(toMessage);
  }

  /** The index knows no order within a conversation; where one fills a page, its oldest must be among them. */
  async #oldestOpen(conversationId: string, limit: number): Promise<MessageDocument[]> {
    return this.#model
      .find({ openIn: conversationId })
      .sort({ seq: 1 })
      .limit(limit)
      .lean<MessageDocument[]>();
  }

  async #repeat(document: MessageDocument): Promise<StoredTurn> {
    const message = toMessage(document);
    if (document.openIn !== undefined) {
      const completed = await this.complete(message);
      if (completed) return completed;
    }
    const answer = await this.#messages.get(message.conversationId, answerIdOf(message.id));
    return answer
      ? this.#withAnswer(message, answer, false)
      : this.#withoutAnswer({ message, created: false });
  }

  async #complete(message: Message, mode: ConversationMode): Promise<StoredTurn> {
    if (mode === 'human') return this.#withoutAnswer({ message, created: await this.#unmark(message) });
    const answer = await this.#messages.insert(newAnswer(message, this.#clock()), {
      openIn: message.conversationId,
      runs: 0,
    });
    const [turn] = await Promise.all([
      this.#withAnswer(message, answer.message, answer.created),
      this.#unmark(message),
    ]);
    return turn;
  }

  /** @returns true if this very call removed the mark. */
  async #unmark({ id, conversationId }: Message): Promise<boolean> {
    const { modifiedCount } = await this.#model.updateOne(
      { _id: id, openIn: conversationId },
      { $unset: { openIn: 1 } },
    );
    return modifiedCount > 0;
  }

  #withoutAnswer({ message, created }: { message: Message; created: boolean }): StoredTurn {
    return { message, enqueue: false, created };
  }

  async #withAnswer(message: Message, answer: Message, created: boolean): Promise<StoredTurn> {
    return { message, answer, enqueue: await this.#isNext(answer, message), created };
  }

  /** @param first where the answer's turn begins: its own mark is not in the way. */
  async #isNext({ conversationId, status }: Message, first: Message): Promise<boolean> {
    if (isClosed(status)) return false;
    const isEarlier = { openIn: conversationId, seq: trusted({ $lt: first.seq }) };
    return (await this.#model.exists(isEarlier)) === null;
  }
}
