import { errorHandler, notFound, probes, scoped } from '@parley/platform';
import type { Log, Metrics, Readiness } from '@parley/platform';
import express, { type Express, type RequestHandler } from 'express';
import type { HistoryHandlers } from './history-handlers.ts';
import { historyRoutes } from './history-routes.ts';
import { refuseWhile } from './refuse-while.ts';
import { requireToken } from './require-token.ts';

/** The longest message in JSON, every character escaped, has 6 MB; an answer may be longer. */
const BODY_LIMIT = '12mb';

export interface HistoryAppOptions {
  readonly handlers: HistoryHandlers;
  readonly readiness: Readiness;
  readonly isStoreAway: () => boolean;
  readonly metrics: Metrics;
  /** What callers must present; absent on loopback. */
  readonly token?: string | undefined;
  readonly showStack: boolean;
  readonly log: Log;
}

/** History's HTTP side: probes for everybody, the API for whoever knows the token. */
export function historyApp(options: HistoryAppOptions): Express {
  const { handlers, readiness, isStoreAway, metrics, token, showStack, log } = options;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(probes(readiness, metrics));
  if (log.isLevelEnabled('debug')) app.use(callLog(log));
  if (token !== undefined) app.use(requireToken(token));
  app.use(refuseWhile(isStoreAway));
  app.use(express.json({ limit: BODY_LIMIT }));
  app.use(historyRoutes(handlers));
  app.use(notFound);
  app.use(errorHandler({ log, showStack }));
  return app;
}

function callLog(log: Log): RequestHandler {
  const line = scoped(log, { component: 'http', function: 'call' });
  return ({ method, path }, response, next) => {
    response.once('finish', () => line.debug({ method, path, status: response.statusCode }, 'call answered'));
    next();
  };
}
