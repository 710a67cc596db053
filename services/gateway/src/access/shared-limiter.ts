import { redisNames } from '@parley/contracts';
import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, type RateLimiterAbstract } from 'rate-limiter-flexible';

/**
 * Counts for all gateways together; without Redis, for this one alone.
 *
 * @param duration seconds in which so many points may be used.
 */
export function sharedLimiter(
  redis: Redis,
  name: string,
  points: number,
  duration: number,
): RateLimiterAbstract {
  const limits = { points, duration };
  return new RateLimiterRedis({
    ...limits,
    storeClient: redis,
    keyPrefix: redisNames.rateLimitPrefix(name),
    insuranceLimiter: new RateLimiterMemory(limits),
  });
}
