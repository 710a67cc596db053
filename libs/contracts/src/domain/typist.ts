import { z } from 'zod';

/** Who types. */
export const typistSchema = z.enum(['visitor', 'admin']);
export type Typist = z.infer<typeof typistSchema>;
