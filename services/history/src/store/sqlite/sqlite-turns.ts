import { isClosed, type Message } from '@parley/contracts';
import { answerInProgress } from '../answer-in-progress.ts';
import type { AddedAnswer, Clock, FurtherAnswer, NewTurn, StoredTurn } from '../conversation-store.ts';
import { keyInUse } from '../key-in-use.ts';
import { answerIdOf, furtherAnswerIdOf, messageIdOf } from '../message-ids.ts';
import { furtherAnswer, newAnswer, newMessage } from '../new-records.ts';
import type { SqliteConversations } from './sqlite-conversations.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import type { SqliteMessages } from './sqlite-messages.ts';

const EARLIER_OPEN = 'SELECT 1 FROM messages WHERE open_in = ? AND seq < ? LIMIT 1';

/** Turns, stored in the one transaction of the caller. */
export class SqliteTurns {
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

  append(turn: NewTurn): StoredTurn {
    const id = messageIdOf(turn.conversationId, turn.clientMessageId);
    const known = this.#messages.get(turn.conversationId, id);
    if (known) return this.read(known);
    // A further answer was asked for under this key.
    if (this.#messages.get(turn.conversationId, answerIdOf(id))) throw keyInUse();
    return this.#create(turn);
  }

  addAnswer(wanted: FurtherAnswer): AddedAnswer | undefined {
    const { conversationId, clientMessageId } = wanted;
    const known = this.#messages.get(conversationId, furtherAnswerIdOf(conversationId, clientMessageId));
    if (known) return { answer: known, enqueue: this.#isNext(known), created: false };
    const seq = this.#conversations.nextSeq(conversationId);
    if (seq === undefined) return undefined;
    const answer = this.#messages.insert(furtherAnswer(wanted, seq, this.#clock()));
    return { answer, enqueue: this.#isNext(answer), created: true };
  }

  /** The turn of a message that is stored: here always whole. */
  read(message: Message): StoredTurn {
    const answer = this.#messages.get(message.conversationId, answerIdOf(message.id));
    return this.#turn(message, answer, false);
  }

  #create(turn: NewTurn): StoredTurn {
    const now = this.#clock();
    if (this.#isOpenBefore(turn)) throw answerInProgress();
    const { seq, mode } = this.#conversations.openTurn(turn);
    const message = this.#messages.insert(newMessage(turn, seq, now));
    const answer = mode === 'ai' ? this.#messages.insert(newAnswer(message, now)) : undefined;
    return this.#turn(message, answer, true);
  }

  #turn(message: Message, answer: Message | undefined, created: boolean): StoredTurn {
    if (!answer) return { message, enqueue: false, created };
    return { message, answer, enqueue: this.#isNext(answer), created };
  }

  #isOpenBefore({ conversationId, noneOpenBefore }: NewTurn): boolean {
    if (noneOpenBefore === undefined) return false;
    return this.#db.statement(EARLIER_OPEN).get(conversationId, noneOpenBefore) !== undefined;
  }

  #isNext({ conversationId, status, seq }: Message): boolean {
    return !isClosed(status) && this.#db.statement(EARLIER_OPEN).get(conversationId, seq) === undefined;
  }
}
