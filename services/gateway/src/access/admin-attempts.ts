import { ParleyError, redisNames } from '@parley/contracts';
import type { Redis } from 'ioredis';
import {
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
  type RateLimiterAbstract,
} from 'rate-limiter-flexible';
import { networkOf } from './network-of.ts';

const WINDOW_SECONDS = 15 * 60;
/** Wrong tokens that one address may try in a window. */
const OF_ONE = 10;
/** Wrong tokens in a window, of all addresses together, from which on it counts as an attack. */
const OF_ALL = 100;
/** What one address may try during an attack: enough for a typing mistake. */
const OF_ONE_UNDER_ATTACK = 2;
const EVERYBODY = 'everybody';

/**
 * Slows down whoever guesses admin tokens, on all gateways together; without Redis, on this one alone.
 *
 * By address, and for the account too: many addresses that try a little each leave little to try to every single one. A
 * right token from an address that has not guessed is let in at any time, so that an attack locks no admin out.
 */
export class AdminAttempts {
  readonly #byAddress: RateLimiterAbstract;
  readonly #together: RateLimiterAbstract;

  constructor(redis: Redis) {
    this.#byAddress = sharedLimiter(redis, 'admin', OF_ONE);
    this.#together = sharedLimiter(redis, 'admin-all', OF_ALL);
  }

  /** @throws ParleyError RATE_LIMIT_EXCEEDED if this address has failed too often. */
  async assertAllowed(ipAddress: string): Promise<void> {
    const [own, all] = await Promise.all([
      this.#byAddress.get(networkOf(ipAddress)),
      this.#together.get(EVERYBODY),
    ]);
    assertFew(own, all);
  }

  /** @throws ParleyError RATE_LIMIT_EXCEEDED if this address has now failed too often. */
  async failed(ipAddress: string): Promise<void> {
    const own = await count(this.#byAddress, networkOf(ipAddress));
    // Who is shut out already is no news: one guesser must not make it an attack of many.
    if (own.consumedPoints > OF_ONE) throw tooMany(own);
    assertFew(own, await count(this.#together, EVERYBODY));
  }
}

function assertFew(own: RateLimiterRes | null, all: RateLimiterRes | null): void {
  const allowed = (all?.consumedPoints ?? 0) > OF_ALL ? OF_ONE_UNDER_ATTACK : OF_ONE;
  if (own && own.consumedPoints > allowed) throw tooMany(own);
}

function sharedLimiter(redis: Redis, name: string, points: number): RateLimiterAbstract {
  const limits = { points, duration: WINDOW_SECONDS };
  return new RateLimiterRedis({
    ...limits,
    storeClient: redis,
    keyPrefix: redisNames.rateLimitPrefix(name),
    insuranceLimiter: new RateLimiterMemory(limits),
  });
}

async function count(limiter: RateLimiterAbstract, key: string): Promise<RateLimiterRes> {
  return limiter.consume(key).catch((thrown: unknown) => {
    if (thrown instanceof RateLimiterRes) return thrown;
    throw thrown;
  });
}

function tooMany({ msBeforeNext }: RateLimiterRes): ParleyError {
  return new ParleyError('RATE_LIMIT_EXCEEDED', {
    message: 'Too many wrong admin tokens',
    retryAfterMs: msBeforeNext,
  });
}
