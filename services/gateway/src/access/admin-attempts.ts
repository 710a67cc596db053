import { ParleyError, redisNames } from '@parley/contracts';
import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';

const FAILURES_ALLOWED = 10;
const WINDOW_SECONDS = 15 * 60;

/** Slows down whoever guesses admin tokens, by address and on all gateways together; without Redis, on this one alone. */
export class AdminAttempts {
  readonly #limiter: RateLimiterRedis;

  constructor(redis: Redis) {
    const limits = { points: FAILURES_ALLOWED, duration: WINDOW_SECONDS };
    this.#limiter = new RateLimiterRedis({
      ...limits,
      storeClient: redis,
      keyPrefix: redisNames.rateLimitPrefix('admin'),
      insuranceLimiter: new RateLimiterMemory(limits),
    });
  }

  /** @throws ParleyError RATE_LIMIT_EXCEEDED if this address has failed too often. Ask before comparing. */
  async assertAllowed(ipAddress: string): Promise<void> {
    const state = await this.#limiter.get(ipAddress);
    if (state && state.consumedPoints > FAILURES_ALLOWED) throw tooMany(state.msBeforeNext);
  }

  async failed(ipAddress: string): Promise<void> {
    await this.#limiter.consume(ipAddress).catch((thrown: unknown) => {
      if (!(thrown instanceof RateLimiterRes)) throw thrown;
    });
  }
}

function tooMany(retryAfterMs: number): ParleyError {
  return new ParleyError('RATE_LIMIT_EXCEEDED', { message: 'Too many wrong admin tokens', retryAfterMs });
}
