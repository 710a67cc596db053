import type { z } from 'zod';

/** What one side may say: event name -> what it carries and, if it is answered, what the acknowledgement carries. */
export type EventCatalog = Readonly<
  Record<string, { readonly payload: z.ZodType; readonly ack?: z.ZodType }>
>;

/** What an event carries once parsed. */
export type Payload<C extends EventCatalog, E extends keyof C> = z.output<C[E]['payload']>;

/** What the handler of an event answers. */
export type AckData<C extends EventCatalog, E extends keyof C> = C[E]['ack'] extends z.ZodType
  ? z.input<C[E]['ack']>
  : undefined;
