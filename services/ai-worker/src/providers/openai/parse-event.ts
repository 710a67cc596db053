import type { z } from 'zod';
import { ProviderError } from '../provider-error.ts';

/**
 * Parses the data of one event.
 *
 * @throws ProviderError `malformed`; its message does not repeat the data.
 */
export function parseEvent<S extends z.ZodType>(schema: S, data: string): z.output<S> {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    throw new ProviderError('malformed', `an event of ${data.length} characters is not JSON`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new ProviderError('malformed', `an event has an unexpected shape at "${where}"`);
}
