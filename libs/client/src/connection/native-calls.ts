import {
  ParleyError,
  errorBodySchema,
  nativeAdminEvents,
  nativeClientEvents,
  type AckData,
  type ErrorBody,
  type Payload,
} from '@parley/contracts';

const calls = { ...nativeClientEvents, ...nativeAdminEvents };
type Calls = typeof calls;

export type CallName = keyof Calls;
export type CallPayload<C extends CallName> = Payload<Calls, C>;
export type CallReply<C extends CallName> = AckData<Calls, C>;

/** What became of a call. `unanswered`: nobody knows whether the server has done it. */
export type Outcome<T> =
  | { readonly kind: 'done'; readonly reply: T }
  | { readonly kind: 'refused'; readonly error: ErrorBody }
  | { readonly kind: 'unanswered' };

/** What the raw acknowledgement of a call says. */
export function parseAck<C extends CallName>(call: C, ack: unknown): Outcome<CallReply<C>> {
  const reply = calls[call].ack.safeParse(ack);
  if (reply.success) return { kind: 'done', reply: reply.data as CallReply<C> };
  const failed = typeof ack === 'object' && ack !== null && 'error' in ack ? ack.error : undefined;
  return { kind: 'refused', error: parseError(failed) ?? new ParleyError('INTERNAL_ERROR').toBody() };
}

/** An error of the contracts, or undefined if it is none. */
export function parseError(error: unknown): ErrorBody | undefined {
  return errorBodySchema.safeParse(error).data;
}
