import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 15;

export interface WaitOptions {
  /** Default 5000 ms. */
  readonly deadlineMs?: number;
  /** Completes the sentence "waited … ms for". */
  readonly what: string;
}

/**
 * Asks until the answer is neither false, null nor undefined, and returns it. A condition that throws is asked again.
 *
 * @throws Error when the deadline has passed; its cause is what the condition threw last.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { deadlineMs = 5_000, what }: WaitOptions,
): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = performance.now() + deadlineMs;
  let thrown: unknown;
  do {
    try {
      const value = await within(deadline - performance.now(), condition);
      thrown = undefined;
      if (value !== false && value !== null && value !== undefined)
        return value as NonNullable<Exclude<T, false>>;
    } catch (error) {
      thrown = error;
    }
    await pause(POLL_MS);
  } while (performance.now() < deadline);
  throw new Error(`waited ${deadlineMs} ms for ${what}`, thrown === undefined ? {} : { cause: thrown });
}

/** A condition that never answers must not outlive the deadline. */
async function within<T>(ms: number, condition: () => T | Promise<T>): Promise<T> {
  const answered = new AbortController();
  const late = async (): Promise<never> => {
    await pause(Math.max(ms, 0), undefined, { signal: answered.signal });
    throw new Error('the condition has not answered');
  };
  try {
    return await Promise.race([condition(), late()]);
  } finally {
    answered.abort();
  }
}
