import { Router } from 'express';
import type { HistoryHealth } from './history-health.ts';

export interface HealthRouteDependencies {
  readonly historyHealth: HistoryHealth;
  readonly isRedisUp: () => boolean;
  readonly about: { version: string; instance: string };
}

/** `GET /api/health`: how this gateway is, for people and for the original clients. */
export function healthRoute({ historyHealth, isRedisUp, about }: HealthRouteDependencies): Router {
  const router = Router();
  router.get('/health', (_request, response) => {
    const dependencies = { redis: isRedisUp() ? 'up' : 'down', history: historyHealth.isUp ? 'up' : 'down' };
    response.json({
      status: Object.values(dependencies).includes('down') ? 'DEGRADED' : 'OK',
      timestamp: new Date().toISOString(),
      version: about.version,
      uptime: process.uptime(),
      memory: process.memoryUsage(),
      dependencies,
      instance: about.instance,
    });
  });
  return router;
}
