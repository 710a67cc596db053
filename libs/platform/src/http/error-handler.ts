import { ParleyError } from '@parley/contracts';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import { scoped, type Log } from '../logging/logger.ts';

/** What body-parser and friends throw. */
interface HttpError extends Error {
  status: number;
  type?: string;
}

const isHttpError = (error: unknown): error is HttpError =>
  error instanceof Error && 'status' in error && typeof error.status === 'number';

function toParleyError(error: unknown): ParleyError {
  if (error instanceof ParleyError) return error;
  if (isHttpError(error) && error.status === 413)
    return new ParleyError('MESSAGE_TOO_LONG', { cause: error });
  if (isHttpError(error) && error.status < 500) {
    const message = error.type === 'entity.parse.failed' ? 'The body is not valid JSON' : undefined;
    return new ParleyError('INVALID_REQUEST', { cause: error, ...(message !== undefined && { message }) });
  }
  return ParleyError.from(error);
}

export interface ErrorHandlerOptions {
  log: Log;
  /** Adds the stack to the body; only for `NODE_ENV=development`. */
  showStack: boolean;
}

/** The last middleware: answers any error with the body of the contracts, and logs what is our fault. */
export function errorHandler({ log, showStack }: ErrorHandlerOptions): ErrorRequestHandler {
  const line = scoped(log, { component: 'http', function: 'errorHandler' });
  return (thrown: unknown, request, response, next) => {
    const error = toParleyError(thrown);
    if (error.status >= 500)
      line.error({ err: thrown, method: request.method, path: request.path }, 'request failed');
    if (response.headersSent) {
      next(thrown);
      return;
    }
    if (error.retryAfterMs !== undefined) {
      response.setHeader('Retry-After', Math.ceil(error.retryAfterMs / 1000));
    }
    response.status(error.status).json({
      ...error.toBody(),
      ...(showStack && thrown instanceof Error && { stack: thrown.stack }),
    });
  };
}

/** Answers whatever no route has answered. */
export const notFound: RequestHandler = () => {
  throw new ParleyError('NOT_FOUND');
};
