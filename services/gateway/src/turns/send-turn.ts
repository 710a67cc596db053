import { randomUUID } from 'node:crypto';
import { ParleyError, type DoubleTextPolicy, type HistoryReply } from '@parley/contracts';
import type { AnswerQueue, AnswerRef, HistoryClient, Log } from '@parley/platform';
import type { Origin } from '../access/caller.ts';
import type { AnswerAllowance } from './answer-allowance.ts';

export interface Turn {
  conversationId: string;
  content: string;
  /** Absent: the client cannot repeat this send. */
  clientMessageId?: string | undefined;
  /** A user message that this one replaces, together with everything after it. */
  replaces?: string | undefined;
  /** The socket it came from, which is not told its own message. */
  socketId?: string | undefined;
  visitorId?: string | undefined;
  from: Origin;
}

export interface SendTurnDependencies {
  readonly history: HistoryClient;
  readonly answers: AnswerQueue;
  readonly allowance: AnswerAllowance;
  readonly isRedisUp: () => boolean;
  readonly maxMessageChars: number;
  readonly doubleText: DoubleTextPolicy;
  /** Answers of one conversation that may be open before another message is refused. */
  readonly maxOpenPerConversation: number;
  /** Called for every message that is refused because Redis is away. */
  readonly onWithoutRedis: () => void;
  readonly log: Log;
}

/** Stores a user message with the answer it asks for, and queues the answer. When it resolves, the message is stored. */
export class SendTurn {
  readonly #deps: SendTurnDependencies;

  constructor(deps: SendTurnDependencies) {
    this.#deps = deps;
  }

  /** @throws ParleyError MESSAGE_TOO_LONG, BUSY, BUDGET_SPENT, RATE_LIMIT_EXCEEDED, HISTORY_UNAVAILABLE */
  async send(turn: Turn): Promise<HistoryReply<'appendTurn'>> {
    const { maxMessageChars, allowance } = this.#deps;
    if (turn.content.length > maxMessageChars) throw new ParleyError('MESSAGE_TOO_LONG');
    this.#assertRedis();
    const { conversationId, visitorId, clientMessageId = randomUUID() } = turn;
    const asker = { visitorId, ipAddress: turn.from.ipAddress };
    const place = await allowance.take(asker, { conversationId, clientMessageId });
    try {
      const appended = await this.#append(turn, clientMessageId);
      place.keepFor(appended.answer);
      if (appended.enqueue && appended.answer)
        await this.#enqueue({ conversationId, answerId: appended.answer.id }, place.rank);
      return appended;
    } catch (error) {
      place.giveBack();
      throw error;
    }
  }

  async #append(turn: Turn, clientMessageId: string): Promise<HistoryReply<'appendTurn'>> {
    return this.#deps.history.call('appendTurn', {
      conversationId: turn.conversationId,
      clientMessageId,
      content: turn.content,
      replaces: turn.replaces,
      doubleText: this.#deps.doubleText,
      maxOpen: this.#deps.maxOpenPerConversation,
      origin: turn.socketId,
      visitorId: turn.visitorId,
      ipAddress: turn.from.ipAddress,
      userAgent: turn.from.userAgent,
    });
  }

  #assertRedis(): void {
    const { isRedisUp, onWithoutRedis } = this.#deps;
    if (isRedisUp()) return;
    onWithoutRedis();
    throw new ParleyError('BUSY', { message: 'Answers are not available right now', retryAfterMs: 1_000 });
  }

  async #enqueue(answer: AnswerRef, rank: number): Promise<void> {
    try {
      await this.#deps.answers.add(answer, rank);
    } catch (error) {
      // The message is stored, so it is acknowledged: history's sweeper queues the answer.
      this.#deps.log.warn({ err: error, ...answer }, 'answer left to the sweeper');
    }
  }
}
