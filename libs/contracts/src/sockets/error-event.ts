import { z } from 'zod';
import { errorBodySchema } from '../errors.ts';

/** The event `error`, emitted to a client of any dialect whenever one of its events fails. `event` names it, or says why nobody had asked. */
export const errorEventSchema = z.looseObject({ ...errorBodySchema.shape, event: z.string() });
export type ErrorEvent = z.infer<typeof errorEventSchema>;
