import { z } from 'zod';

/** One shape, two readings: what we write is exact, what we read may come from a newer version. */
export interface Versioned<S extends z.ZodRawShape> {
  /** Refuses unknown fields: a typing mistake must not reach a queue, a channel or a store. */
  readonly write: z.ZodObject<S, z.core.$strict>;
  /** Keeps unknown fields: during a rolling deploy an older process passes on what a newer one wrote. */
  readonly read: z.ZodObject<S, z.core.$loose>;
}

/**
 * Declares a frame, job or stored record that outlives a deploy.
 *
 * @param shape its fields.
 */
export function versioned<S extends z.ZodRawShape>(shape: S): Versioned<S> {
  return { write: z.strictObject(shape), read: z.looseObject(shape) };
}
