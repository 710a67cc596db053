/** One thing the server does for a response. A reply is an iterable of these, made while it is played. */
export type ReplyStep =
  | { readonly kind: 'head'; readonly status: number; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'write'; readonly data: string | Uint8Array }
  /** Milliseconds behind the previous wait's due time, not behind now; `Infinity` is for ever. */
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'hold' }
  /** The last bytes travel with the end, so a client that leaves on reading them has not aborted. */
  | { readonly kind: 'end'; readonly data: string | Uint8Array }
  | { readonly kind: 'cut' }
  | { readonly kind: 'reset' };

/** The same reply in writes of exactly `size` bytes, as far as its pauses allow. */
export function* inWritesOf(size: number, steps: Iterable<ReplyStep>): Generator<ReplyStep> {
  let pending: Uint8Array = new Uint8Array();
  for (const step of steps) {
    if (step.kind === 'write' || step.kind === 'end') {
      pending = Buffer.concat([pending, Buffer.from(step.data)]);
      while (pending.length > size) {
        yield { kind: 'write', data: pending.subarray(0, size) };
        pending = pending.subarray(size);
      }
      if (step.kind === 'end') yield { kind: 'end', data: pending };
    } else {
      if (pending.length > 0) yield { kind: 'write', data: pending };
      pending = new Uint8Array();
      yield step;
    }
  }
}
