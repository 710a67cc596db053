import { isClosed, redisNames, type Message } from '@parley/contracts';
import type { HistoryClient, Log } from '@parley/platform';
import type { Redis } from 'ioredis';
import { networkOf } from '../access/network-of.ts';
import type { FeedListener } from '../feed/feed-listener.ts';
import { HeldPlaces, type HeldPlace } from './held-places.ts';
import { SharedPlaces, type Group, type Taken } from './shared-places.ts';

const RENEW_EVERY_MS = 5_000;
/** Several rounds of renewal: a slow one must not lose places. */
const LEASES_PER_RENEWAL = 4;
/** Without Redis; no place has it, so none is given back. */
const NOTHING: Taken = { freeAt: 0, others: 0 };

/** Who asks for an answer. */
export interface Asker {
  readonly visitorId?: string | undefined;
  readonly ipAddress: string;
}

/** One question. Its answer's id follows from it, so whoever repeats it asks for no further answer, and keeps its place. */
export interface Question {
  readonly conversationId: string;
  readonly clientMessageId: string;
}

/** Room for one open answer. */
export interface Place {
  /** Open answers that whoever asks has besides this one: the visitor, or where nobody knows who it is, the address. */
  readonly rank: number;
  /** The answer that has it from now on; one that has ended, or none at all, gives it back. */
  keepFor(answer: Message | undefined): void;
  /** Frees it, unless the question had it before, or has been repeated since: then somebody else's answer may have it. */
  giveBack(): void;
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
 * gateways. Without Redis nobody is refused.
 */
export class OpenAnswers implements FeedListener {
  readonly #options: OpenAnswersOptions;
  readonly #places: SharedPlaces;
  readonly #held: HeldPlaces;
  readonly #timer: NodeJS.Timeout;

  constructor(options: OpenAnswersOptions) {
    const { redis, history, log, renewEveryMs = RENEW_EVERY_MS } = options;
    this.#options = options;
    this.#places = new SharedPlaces(redis, renewEveryMs * LEASES_PER_RENEWAL);
    this.#held = new HeldPlaces(this.#places, history, log);
    this.#timer = setInterval(() => this.#held.nextRound(), renewEveryMs);
  }

  /** @returns undefined if there is none left. */
  async take(asker: Asker, { conversationId, clientMessageId }: Question): Promise<Place | undefined> {
    const groups = this.#groupsOf(asker);
    const member = `${conversationId} ${clientMessageId}`;
    const held: HeldPlace = { conversationId, groups, member };
    const taken = await this.#places.take(groups, member).catch(() => NOTHING);
    if (taken === undefined) return undefined;
    const giveBack = (): void => {
      // If Redis is away, the place runs out.
      this.#places.giveBack(groups, member, taken).catch(() => undefined);
    };
    return {
      rank: taken.others,
      keepFor: answer => {
        if (answer && !isClosed(answer.status)) this.#held.add(answer.id, held);
        else giveBack();
      },
      giveBack,
    };
  }

  answerStored({ id }: Pick<Message, 'id'>): void {
    this.#held.free(id);
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
}
