import { ParleyError } from '@parley/contracts';

const RETRY_AFTER_MS = 1_000;

/**
 * The same handler, which refuses while it runs. What is read for a client waits in memory until the client has taken it, so
 * it must not be asked for faster than it is answered.
 */
export function oneAtATime<P, R>(handle: (payload: P) => Promise<R>): (payload: P) => Promise<R> {
  let isRunning = false;
  return async payload => {
    if (isRunning) {
      throw new ParleyError('RATE_LIMIT_EXCEEDED', {
        message: 'The one before is not answered yet',
        retryAfterMs: RETRY_AFTER_MS,
      });
    }
    isRunning = true;
    try {
      return await handle(payload);
    } finally {
      isRunning = false;
    }
  };
}
