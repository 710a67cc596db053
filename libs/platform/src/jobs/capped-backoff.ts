/** What a job's `backoff.type` says so that its consumer's `retryMs` is asked. */
export const CAPPED = 'capped';

/**
 * How long jobs wait for what is away: twice as long each time, but never so long that those who wait for them notice that it is
 * back late. BullMQ's own exponential backoff grows without bound.
 *
 * @returns milliseconds until the next try, given how many there were.
 */
export function cappedBackoff(firstMs: number, longestMs: number): (attempt: number) => number {
  return attempt => Math.min(firstMs * 2 ** (attempt - 1), longestMs);
}
