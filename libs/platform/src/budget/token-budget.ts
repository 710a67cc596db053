import { redisNames } from '@parley/contracts';
import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';

const DAY_MS = 24 * 60 * 60_000;

/**
 * Puts right what was taken for a call, once it is known what the call has really used.
 *
 * @param tokens used in all.
 */
export type Settle = (tokens: number) => Promise<void>;

/**
 * The provider tokens that a whole deployment may use on a day, which ends at midnight UTC. Counted in Redis for all
 * processes together; where Redis refuses to count, each process counts for itself.
 *
 * A day may be overspent by what calls under way still say: how much that is, nobody knows before.
 */
export class TokenBudget {
  readonly #limiter: RateLimiterRedis;
  readonly #perDay: number;
  readonly #now: () => number;

  /**
   * @param perDay tokens, at least 1.
   * @param now milliseconds since 1970.
   */
  constructor(redis: Redis, perDay: number, now: () => number = Date.now) {
    const limits = { points: perDay, duration: DAY_MS / 1000 };
    this.#limiter = new RateLimiterRedis({
      ...limits,
      storeClient: redis,
      keyPrefix: redisNames.rateLimitPrefix('tokens'),
      insuranceLimiter: new RateLimiterMemory(limits),
    });
    this.#perDay = perDay;
    this.#now = now;
  }

  /** @returns milliseconds until there are tokens again; 0 if some are left. */
  async spentForMs(): Promise<number> {
    const today = await this.#limiter.get(this.#today());
    return (today?.consumedPoints ?? 0) < this.#perDay ? 0 : DAY_MS - (this.#now() % DAY_MS);
  }

  /**
   * Takes what a call will use at least. One step for all processes: of many that ask at once, none counts on the same tokens.
   *
   * @returns undefined if the day's budget is spent.
   */
  async take(tokens: number): Promise<Settle | undefined> {
    const day = this.#today();
    const { consumedPoints } = await this.#limiter.penalty(day, tokens);
    if (consumedPoints - tokens < this.#perDay) return used => this.#correct(day, used - tokens);
    await this.#correct(day, -tokens);
    return undefined;
  }

  async #correct(day: string, tokens: number): Promise<void> {
    if (tokens > 0) await this.#limiter.penalty(day, tokens);
    if (tokens < 0) await this.#limiter.reward(day, -tokens);
  }

  #today(): string {
    return new Date(this.#now()).toISOString().slice(0, 10);
  }
}
