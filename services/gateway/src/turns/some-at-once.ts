/**
 * Does the work for each item, for `atOnce` of them at the same time. One that fails keeps no other from its turn.
 *
 * @returns what they failed with.
 */
export async function someAtOnce<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<unknown[]> {
  const rest = items.values();
  const errors: unknown[] = [];
  const workOff = async (): Promise<void> => {
    for (const item of rest) await work(item).catch((error: unknown) => errors.push(error));
  };
  await Promise.all(Array.from({ length: atOnce }, workOff));
  return errors;
}
