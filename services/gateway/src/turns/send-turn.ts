import { randomUUID } from 'node:crypto';
import { ParleyError, type DoubleTextPolicy, type HistoryReply } from '@parley/contracts';
import type { AnswerQueue, HistoryClient, Log } from '@parley/platform';
import type { Origin } from '../access/caller.ts';
import type { QueueDepth } from './queue-depth.ts';

const FULL_RETRY_AFTER_MS = 5_000;

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
  readonly depth: QueueDepth;
  readonly isRedisUp: () => boolean;
  readonly maxMessageChars: number;
  readonly doubleText: DoubleTextPolicy;
  /** Answers of one conversation that may be open before another message is refused. */
  readonly maxOpenPerConversation: number;
  /** Called for every message that is refused with BUSY: Redis is away, or the queue is full. */
  readonly onBusy: (because: 'redis' | 'queue') => void;
  readonly log: Log;
}

/** Stores a user message with the answer it asks for, and queues the answer. When it resolves, the message is stored. */
export class SendTurn {
  readonly #deps: SendTurnDependencies;

  constructor(deps: SendTurnDependencies) {
    this.#deps = deps;
  }

  /** @throws ParleyError MESSAGE_TOO_LONG, BUSY, RATE_LIMIT_EXCEEDED, HISTORY_UNAVAILABLE */
  async send(turn: Turn): Promise<HistoryReply<'appendTurn'>> {
    const { history, maxMessageChars } = this.#deps;
    if (turn.content.length > maxMessageChars) throw new ParleyError('MESSAGE_TOO_LONG');
    this.#assertRoom();
    const appended = await history.call('appendTurn', {
      conversationId: turn.conversationId,
      clientMessageId: turn.clientMessageId ?? randomUUID(),
      content: turn.content,
      replaces: turn.replaces,
      doubleText: this.#deps.doubleText,
      maxOpen: this.#deps.maxOpenPerConversation,
      origin: turn.socketId,
      visitorId: turn.visitorId,
      ipAddress: turn.from.ipAddress,
      userAgent: turn.from.userAgent,
    });
    if (appended.enqueue && appended.answer) await this.#enqueue(turn.conversationId, appended.answer.id);
    return appended;
  }

  #assertRoom(): void {
    const { depth, isRedisUp, onBusy } = this.#deps;
    if (!isRedisUp()) {
      onBusy('redis');
      throw new ParleyError('BUSY', { message: 'Answers are not available right now', retryAfterMs: 1_000 });
    }
    if (depth.isFull) {
      onBusy('queue');
      throw new ParleyError('BUSY', { retryAfterMs: FULL_RETRY_AFTER_MS });
    }
  }

  async #enqueue(conversationId: string, answerId: string): Promise<void> {
    try {
      await this.#deps.answers.add({ conversationId, answerId });
    } catch (error) {
      // The message is stored, so it is acknowledged: history's sweeper queues the answer.
      this.#deps.log.warn({ err: error, conversationId, answerId }, 'answer left to the sweeper');
    }
  }
}
