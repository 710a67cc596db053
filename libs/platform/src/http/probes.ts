import { Router } from 'express';
import type { Metrics } from '../metrics/metrics.ts';

/** What an orchestrator asks. */
export interface Readiness {
  /** Names of what keeps the process from serving; empty when it is ready. */
  notReadyBecause(): string[];
}

/** `/livez`, `/readyz` (503 with the reasons) and `/metrics` (Prometheus text). */
export function probes(readiness: Readiness, metrics: Metrics): Router {
  const router = Router();
  router.get('/livez', (_request, response) => {
    response.json({ status: 'OK' });
  });
  router.get('/readyz', (_request, response) => {
    const reasons = readiness.notReadyBecause();
    response
      .status(reasons.length === 0 ? 200 : 503)
      .json({ status: reasons.length === 0 ? 'OK' : 'NOT_READY', reasons });
  });
  router.get('/metrics', async (_request, response) => {
    response.type(metrics.contentType).send(await metrics.render());
  });
  return router;
}
