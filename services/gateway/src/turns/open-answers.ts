import { ParleyError, isClosed, redisNames, type Message } from '@parley/contracts';
import { scoped, type HistoryClient, type Log } from '@parley/platform';
import type { Redis } from 'ioredis';
import { networkOf } from '../access/network-of.ts';
import type { FeedListener } from '../feed/feed-listener.ts';
import { SharedPlaces, type Group } from './shared-places.ts';

const RENEW_EVERY_MS = 5_000;
/** Several rounds of renewal: a slow one must not lose places. */
const LEASES_PER_RENEWAL = 4;
const FULL_RETRY_AFTER_MS = 5_000;

/** Who asks for an answer. */
export interface Asker {
  readonly visitorId?: string | undefined;
  readonly ipAddress: string;
}

/** One question: whoever repeats it keeps the place that it has. */
export interface Question {
  readonly conversationId: string;
  readonly clientMessageId: string;
}

/** Room for one open answer. */
export interface Place {
  /** The answer that has it from now on; one that has ended, or none at all, frees it. */
  keepFor(answer: Message | undefined): void;
  free(): void;
}

interface Held {
  /** Rounds of renewal so far. */
  rounds: number;
  readonly groups: readonly Group[];
  readonly member: string;
  readonly conversationId: string;
}

export interface OpenAnswersOptions {
  readonly redis: Redis;
  readonly history: Pick<HistoryClient, 'call'>;
  readonly maxPerVisitor: number;
  readonly maxPerAddress: number;
  readonly log: Log;
  /** Default 5 s. */
  readonly renewEveryMs?: number;
}

/**
 * Bounds how many answers of one visitor, and of one client address, are open at the same time, over all conversations and
 * gateways. Without Redis nobody is held up.
 *
 * A gateway frees what it hears the end of. Of the rest it asks history, after 1, 2, 4 and so on rounds: what has taken long
 * may take as long again, and a long queue must not become many questions.
 */
export class OpenAnswers implements FeedListener {
  readonly #options: OpenAnswersOptions;
  readonly #places: SharedPlaces;
  readonly #held = new Map<string, Held>();
  readonly #timer: NodeJS.Timeout;
  readonly #log: Log;
  #isRenewing = false;

  constructor(options: OpenAnswersOptions) {
    const { redis, log, renewEveryMs = RENEW_EVERY_MS } = options;
    this.#options = options;
    this.#places = new SharedPlaces(redis, renewEveryMs * LEASES_PER_RENEWAL);
    this.#timer = setInterval(() => void this.#renew(), renewEveryMs);
    this.#log = scoped(log, { component: 'OpenAnswers', function: 'renew' });
  }

  /** @throws ParleyError RATE_LIMIT_EXCEEDED */
  async take(asker: Asker, { conversationId, clientMessageId }: Question): Promise<Place> {
    const held: Held = {
      rounds: 0,
      groups: this.#groupsOf(asker),
      member: `${conversationId} ${clientMessageId}`,
      conversationId,
    };
    const isTaken = await this.#places.take(held.groups, held.member).catch(() => true);
    if (!isTaken) {
      const message = 'Wait for the answers to your earlier messages';
      throw new ParleyError('RATE_LIMIT_EXCEEDED', { message, retryAfterMs: FULL_RETRY_AFTER_MS });
    }
    return {
      keepFor: answer => {
        if (answer && !isClosed(answer.status)) this.#held.set(answer.id, held);
        else this.#free(held);
      },
      free: () => this.#free(held),
    };
  }

  answerStored({ id }: Pick<Message, 'id'>): void {
    const held = this.#held.get(id);
    if (!held) return;
    this.#held.delete(id);
    this.#free(held);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #groupsOf({ visitorId, ipAddress }: Asker): Group[] {
    const { maxPerVisitor, maxPerAddress } = this.#options;
    const prefix = redisNames.rateLimitPrefix('open-answers');
    return [
      ...(visitorId === undefined ? [] : [{ key: `${prefix}visitor:${visitorId}`, places: maxPerVisitor }]),
      { key: `${prefix}address:${networkOf(ipAddress)}`, places: maxPerAddress },
    ];
  }

  #free({ groups, member }: Held): void {
    // If Redis is away, the place runs out.
    this.#places.free(groups, member).catch(() => undefined);
  }

  async #renew(): Promise<void> {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    try {
      for (const [answerId, held] of this.#held) {
        held.rounds += 1;
        const hasEnded = isPowerOfTwo(held.rounds) && (await this.#hasEnded(held.conversationId, answerId));
        if (hasEnded) this.answerStored({ id: answerId });
        else await this.#places.take(held.groups, held.member);
      }
    } catch (error) {
      // Redis or history is away, and nobody can ask for an answer. The next round tries again.
      this.#log.debug({ err: error }, 'places of open answers not renewed');
    } finally {
      this.#isRenewing = false;
    }
  }

  async #hasEnded(conversationId: string, messageId: string): Promise<boolean> {
    try {
      const { message } = await this.#options.history.call('getMessage', { conversationId, messageId });
      return isClosed(message.status);
    } catch (error) {
      if (error instanceof ParleyError && error.status === 404) return true;
      throw error;
    }
  }
}

function isPowerOfTwo(count: number): boolean {
  return (count & (count - 1)) === 0;
}
