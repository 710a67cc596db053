import { ParleyError } from '@parley/contracts';
import type { RequestHandler } from 'express';

const RETRY_AFTER_MS = 1_000;

/**
 * Refuses calls at once while the database is known to be away. Their callers would wait for nothing; and a database that hangs
 * does later what it was told meanwhile, when nobody expects it any more.
 */
export function refuseWhile(isStoreAway: () => boolean): RequestHandler {
  return (_request, _response, next) => {
    if (isStoreAway()) throw new ParleyError('HISTORY_UNAVAILABLE', { retryAfterMs: RETRY_AFTER_MS });
    next();
  };
}
