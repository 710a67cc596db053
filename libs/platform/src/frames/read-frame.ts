import type { z } from 'zod';

/**
 * Parses a frame from a channel.
 *
 * @returns undefined if it is none: a newer process may say things that this one does not know yet.
 */
export function readFrame<S extends z.ZodType>(schema: S, payload: string): z.output<S> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    return undefined;
  }
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}
