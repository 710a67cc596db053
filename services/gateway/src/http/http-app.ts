import { ParleyError } from '@parley/contracts';
import {
  errorHandler,
  notFound,
  probes,
  requestLog,
  type Log,
  type Metrics,
  type Readiness,
} from '@parley/platform';
import cors from 'cors';
import express, { type Express, type RequestHandler, type Router } from 'express';
import helmet from 'helmet';
import type { Origins } from './origins.ts';

export interface HttpAppOptions {
  readonly origins: Origins;
  readonly proxyHops: number;
  readonly bodyLimit: string;
  readonly showStack: boolean;
  readonly limit: RequestHandler;
  /** Mounted on `/api`. */
  readonly routes: readonly Router[];
  readonly readiness: Readiness;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** The gateway's REST side. Middleware stands in the order in which a request meets it. */
export function httpApp(options: HttpAppOptions): Express {
  const { origins, log } = options;
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', options.proxyHops);
  app.use(helmet());
  app.use(probes(options.readiness, options.metrics));
  app.use(requestLog(log));
  app.use(
    cors({ origin: (origin, allow) => allow(null, !origin || origins.allows(origin)), credentials: true }),
  );
  app.use('/api', refuseForeignPages(origins), options.limit);
  app.use(express.json({ limit: options.bodyLimit }));
  app.use(express.urlencoded({ limit: options.bodyLimit, extended: false }));
  app.use('/api', ...options.routes);
  app.use(notFound);
  app.use(errorHandler({ log, showStack: options.showStack }));
  return app;
}

/** CORS keeps a reply from a page, not the call: what needs no preflight would be done, and paid for. */
function refuseForeignPages(origins: Origins): RequestHandler {
  return (request, _response, next) => {
    if (!origins.allowsCall(request)) throw new ParleyError('FORBIDDEN');
    next();
  };
}
