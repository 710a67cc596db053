/**
 * Runs `work`, and waits for it no longer than `ms`. What it does later is nobody's concern any more.
 *
 * @throws what `work` throws, and Error at the deadline.
 */
export async function withDeadline<T>(work: () => T | Promise<T>, ms: number): Promise<T> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const deadline = setTimeout(() => reject(new Error(`took longer than ${ms} ms`)), ms);
  try {
    return await Promise.race([work(), tooLate]);
  } finally {
    clearTimeout(deadline);
  }
}
