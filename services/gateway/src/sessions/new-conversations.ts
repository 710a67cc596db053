import { ParleyError } from '@parley/contracts';
import type { Redis } from 'ioredis';
import { RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible';
import { networkOf } from '../access/network-of.ts';
import { sharedLimiter } from '../access/shared-limiter.ts';

/** How many conversations one address may begin in a while. */
export class NewConversations {
  readonly #limiter: RateLimiterAbstract;

  constructor(redis: Redis, max: number, windowMs: number) {
    this.#limiter = sharedLimiter(redis, 'conversations', max, Math.ceil(windowMs / 1_000));
  }

  /** Counts one. @throws ParleyError RATE_LIMIT_EXCEEDED if there were too many. */
  async take(ipAddress: string): Promise<void> {
    try {
      await this.#limiter.consume(networkOf(ipAddress));
    } catch (thrown) {
      if (!(thrown instanceof RateLimiterRes)) throw thrown;
      throw new ParleyError('RATE_LIMIT_EXCEEDED', {
        message: 'Too many new conversations from this IP',
        retryAfterMs: thrown.msBeforeNext,
      });
    }
  }

  /** What was counted was no new one. */
  giveBack(ipAddress: string): void {
    this.#limiter.reward(networkOf(ipAddress)).catch(() => undefined);
  }
}
