import type { Log, Metrics, Readiness } from '@parley/platform';
import type { Express } from 'express';
import type { Redis } from 'ioredis';
import type { GatewayConfig } from '../config.ts';
import { chatRoutes, type ChatRoutesDependencies } from './chat-routes.ts';
import { conversationRoutes } from './conversation-routes.ts';
import { healthRoute, type HealthRouteDependencies } from './health-route.ts';
import { httpApp } from './http-app.ts';
import type { Origins } from './origins.ts';
import { restRateLimit } from './rate-limits.ts';
import { sessionRoutes, type SessionRoutesDependencies } from './session-routes.ts';

export interface RestApiDependencies
  extends Omit<ChatRoutesDependencies, 'answerWaitMs'>, SessionRoutesDependencies, HealthRouteDependencies {
  readonly config: GatewayConfig;
  readonly origins: Origins;
  readonly redis: Redis;
  readonly readiness: Readiness;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Everything that the gateway answers over plain HTTP. */
export function restApi(deps: RestApiDependencies): Express {
  const { config } = deps;
  return httpApp({
    origins: deps.origins,
    proxyHops: config.TRUST_PROXY,
    bodyLimit: config.BODY_LIMIT,
    showStack: config.NODE_ENV === 'development',
    limit: restRateLimit(deps.redis, {
      windowMs: config.RATE_LIMIT_WINDOW_MS,
      max: config.RATE_LIMIT_MAX_REQUESTS,
      proxyHops: config.TRUST_PROXY,
    }),
    routes: [
      healthRoute(deps),
      chatRoutes({ ...deps, answerWaitMs: config.ANSWER_WAIT_MS }),
      sessionRoutes(deps),
      conversationRoutes(deps),
    ],
    readiness: deps.readiness,
    metrics: deps.metrics,
    log: deps.log,
  });
}
