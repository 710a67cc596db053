import { ParleyError, redisNames } from '@parley/contracts';
import { rateLimit } from 'express-rate-limit';
import type { RequestHandler } from 'express';
import type { Redis } from 'ioredis';
import { RedisStore, type RedisReply } from 'rate-limit-redis';
import { networkOf } from '../access/network-of.ts';
import { clientAddress } from './client-address.ts';

export interface RestLimit {
  readonly windowMs: number;
  readonly max: number;
  readonly proxyHops: number;
}

/** Counts calls per client address in Redis, so that it holds across gateways. Without Redis it lets calls through. */
export function restRateLimit(redis: Redis, { windowMs, max, proxyHops }: RestLimit): RequestHandler {
  return rateLimit({
    windowMs,
    limit: max,
    standardHeaders: 'draft-6',
    legacyHeaders: false,
    passOnStoreError: true,
    keyGenerator: request => networkOf(clientAddress(request, proxyHops)),
    skip: request => request.path === '/health',
    store: new RedisStore({
      prefix: redisNames.rateLimitPrefix('rest'),
      sendCommand: (command, ...args) => redis.call(command, ...args) as Promise<RedisReply>,
    }),
    handler: (_request, response, next) => {
      const retryAfterMs = Number(response.getHeader('Retry-After') ?? 0) * 1000;
      next(
        new ParleyError('RATE_LIMIT_EXCEEDED', { message: 'Too many requests from this IP', retryAfterMs }),
      );
    },
  });
}
