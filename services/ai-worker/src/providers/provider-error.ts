/**
 * Why a provider gave no complete answer.
 *
 * - `cut`: the stream ended before the provider said so.
 * - `stalled`: no text within its deadline.
 * - `malformed`: it said something that is not its protocol.
 * - `unavailable`: it could not be reached, or is overloaded.
 * - `rejected`: it will not answer this request, however often it is asked.
 * - `refused-key`: the key is wrong, may not, or has no money left.
 * - `rate-limited`: the key has to wait.
 */
export type ProviderErrorKind =
  'cut' | 'stalled' | 'malformed' | 'unavailable' | 'rejected' | 'refused-key' | 'rate-limited';

interface Options {
  /** Milliseconds, as the provider told. */
  retryAfterMs?: number;
}

/** The message is for logs; it holds no key and no text of a conversation. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly kind: ProviderErrorKind;
  /** Milliseconds; 0 if the provider told nothing. */
  readonly retryAfterMs: number;

  constructor(kind: ProviderErrorKind, message: string, { retryAfterMs = 0 }: Options = {}) {
    super(`${kind}: ${message}`);
    this.kind = kind;
    this.retryAfterMs = retryAfterMs;
  }
}
