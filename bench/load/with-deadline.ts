import { setTimeout as pause } from 'node:timers/promises';

/** @throws Error when the deadline has passed before the promise is settled. */
export async function withDeadline<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  const over = new AbortController();
  const tooLate = async (): Promise<never> => {
    await pause(ms, undefined, { signal: over.signal });
    throw new Error(`${what} took longer than ${ms} ms`);
  };
  try {
    return await Promise.race([promise, tooLate()]);
  } finally {
    over.abort();
  }
}
