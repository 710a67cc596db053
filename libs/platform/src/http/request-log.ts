import type { RequestHandler } from 'express';
import { pinoHttp } from 'pino-http';
import { scoped, type Log } from '../logging/logger.ts';

/** Logs one line a request: method, path without query (it may hold what is nobody's business), status, time, address. */
export function requestLog(log: Log): RequestHandler {
  return pinoHttp({
    logger: scoped(log, { component: 'http', function: 'request' }),
    quietReqLogger: true,
    autoLogging: { ignore: request => isProbe(request.url) },
    customLogLevel: (_request, response, error) => ((error ?? response.statusCode >= 500) ? 'error' : 'info'),
    customSuccessMessage: () => 'request answered',
    customErrorMessage: () => 'request failed',
    serializers: {
      req: (request: { method: string; url: string; remoteAddress: string; id: unknown }) => ({
        id: request.id,
        method: request.method,
        path: request.url.split('?')[0],
        from: request.remoteAddress,
      }),
      res: (response: { statusCode: number }) => ({ status: response.statusCode }),
    },
  });
}

function isProbe(url: string | undefined): boolean {
  return url === '/livez' || url === '/readyz' || url === '/metrics';
}
