const BASE_MS = 500;
const CAP_MS = 30_000;

/**
 * How long to wait before the next attempt: anything up to a limit that doubles, so that clients that lost their server in
 * the same moment do not come back in the same moment.
 *
 * @param attempt 0 for the first.
 * @returns milliseconds.
 */
export function fullJitter(attempt: number, random: () => number): number {
  return random() * Math.min(CAP_MS, BASE_MS * 2 ** Math.min(attempt, 16));
}
