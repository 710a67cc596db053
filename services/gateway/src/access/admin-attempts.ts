import { ParleyError } from '@parley/contracts';
import type { Redis } from 'ioredis';
import { RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible';
import { networkOf } from './network-of.ts';
import { sharedLimiter } from './shared-limiter.ts';

const MINUTE_SECONDS = 60;
const WINDOW_SECONDS = 15 * MINUTE_SECONDS;
/** Wrong tokens that one address may try in a window. One more, and it is shut out. */
const OF_ONE = 10;
/** Wrong tokens in a window, of all addresses together, from which on it counts as an attack. */
const OF_ALL = 100;
/** What one address may try during an attack: enough for a typing mistake. */
const OF_ONE_UNDER_ATTACK = 2;
/** How long an address is shut out for the first time, the second, and so on; the last one is for all that follow. */
const SHUT_OUT_MINUTES = [1, 5, 15, 60] as const;
/** For so long it is remembered how often an address has been shut out. */
const MEMORY_SECONDS = 24 * 60 * MINUTE_SECONDS;
const EVERYBODY = 'everybody';

/**
 * Slows down whoever guesses admin tokens, on all gateways together; without Redis, on this one alone.
 *
 * By address, each time for longer, and for the account too: many addresses that try a little each leave little to try to
 * every single one. A right token from an address that is not shut out is let in at any time, so that an attack locks no
 * admin out, and it is forgotten what the admin has mistyped; not how often the address was shut out, which may be shared with
 * somebody who guesses.
 */
export class AdminAttempts {
  readonly #byAddress: RateLimiterAbstract;
  readonly #together: RateLimiterAbstract;
  readonly #shutOuts: RateLimiterAbstract;

  constructor(redis: Redis) {
    this.#byAddress = sharedLimiter(redis, 'admin', OF_ONE, WINDOW_SECONDS);
    this.#together = sharedLimiter(redis, 'admin-all', OF_ALL, WINDOW_SECONDS);
    this.#shutOuts = sharedLimiter(redis, 'admin-shut-outs', SHUT_OUT_MINUTES.length, MEMORY_SECONDS);
  }

  /** Call it for a right token. @throws ParleyError RATE_LIMIT_EXCEEDED if this address has failed too often. */
  async assertAllowed(ipAddress: string): Promise<void> {
    const network = networkOf(ipAddress);
    const [own, all] = await Promise.all([this.#byAddress.get(network), this.#together.get(EVERYBODY)]);
    if (own && own.consumedPoints > allowedBeside(all)) throw tooMany(own.msBeforeNext);
    if (own) await this.#byAddress.delete(network);
  }

  /** Call it for a wrong token. @throws ParleyError RATE_LIMIT_EXCEEDED if this address has now failed too often. */
  async failed(ipAddress: string): Promise<void> {
    const network = networkOf(ipAddress);
    const own = await count(this.#byAddress, network);
    // Who is shut out already is no news: one guesser must not make it an attack of many.
    const all = own.consumedPoints > OF_ONE ? null : await count(this.#together, EVERYBODY);
    const allowed = allowedBeside(all);
    if (own.consumedPoints <= allowed) return;
    // Of many at once only one goes over the limit.
    const isFirst = own.consumedPoints === allowed + 1;
    throw tooMany(isFirst ? await this.#shutOut(network) : own.msBeforeNext);
  }

  /** @returns for how many milliseconds. */
  async #shutOut(network: string): Promise<number> {
    const { consumedPoints: times } = await this.#shutOuts.penalty(network);
    const minutes = SHUT_OUT_MINUTES[times - 1] ?? SHUT_OUT_MINUTES.at(-1) ?? 0;
    const { msBeforeNext } = await this.#byAddress.block(network, minutes * MINUTE_SECONDS);
    return msBeforeNext;
  }
}

function allowedBeside(all: RateLimiterRes | null): number {
  return (all?.consumedPoints ?? 0) > OF_ALL ? OF_ONE_UNDER_ATTACK : OF_ONE;
}

async function count(limiter: RateLimiterAbstract, key: string): Promise<RateLimiterRes> {
  return limiter.consume(key).catch((thrown: unknown) => {
    if (thrown instanceof RateLimiterRes) return thrown;
    throw thrown;
  });
}

function tooMany(retryAfterMs: number): ParleyError {
  return new ParleyError('RATE_LIMIT_EXCEEDED', { message: 'Too many wrong admin tokens', retryAfterMs });
}
