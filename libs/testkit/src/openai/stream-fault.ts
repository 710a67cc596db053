import type { ProviderError } from './provider-error.ts';

/** Something that goes wrong in a streamed answer once `after` pieces have been written. */
export type StreamFault = { readonly after: number } & (
  | { readonly kind: 'cut' | 'reset' | 'hold' | 'malformed' | 'empty-chunk' | 'role-chunk' }
  | { readonly kind: 'stall'; readonly pingEveryMs: number | undefined }
  | { readonly kind: 'comment' | 'raw'; readonly text: string }
  | { readonly kind: 'long-line'; readonly bytes: number }
  | { readonly kind: 'error'; readonly error: ProviderError; readonly event: 'error' | 'failed' }
);

/** The connection is closed in the middle of the body (FIN): no finish reason, no end marker. */
export const cutAfter = (after: number): StreamFault => ({ kind: 'cut', after });

/** The connection is reset (RST). */
export const resetAfter = (after: number): StreamFault => ({ kind: 'reset', after });

/** Nothing more comes and the connection stays open; `pingEveryMs` adds SSE comments that keep it warm. */
export const stallAfter = (after: number, options: { pingEveryMs?: number } = {}): StreamFault => ({
  kind: 'stall',
  after,
  pingEveryMs: options.pingEveryMs,
});

/** The answer waits for `ScriptedProvider.release()`. */
export const holdAfter = (after: number): StreamFault => ({ kind: 'hold', after });

/** A `data:` line whose JSON is broken; the answer goes on behind it. */
export const malformedAfter = (after: number): StreamFault => ({ kind: 'malformed', after });

/** A chunk without anything in it: `choices: []`, or a repeated `response.in_progress`. */
export const emptyChunkAfter = (after: number): StreamFault => ({ kind: 'empty-chunk', after });

/** A chunk that only names the role again; the Responses API has none, there it is an empty delta. */
export const roleChunkAfter = (after: number): StreamFault => ({ kind: 'role-chunk', after });

/** An SSE comment line. */
export const commentAfter = (after: number, text = 'keep-alive'): StreamFault => ({
  kind: 'comment',
  after,
  text,
});

/** These characters exactly as they are, whatever they do to the stream. */
export const rawAfter = (after: number, text: string): StreamFault => ({ kind: 'raw', after, text });

/** A valid `data:` line of at least that many bytes which adds no text (the padding is in `obfuscation`). */
export const longLineAfter = (after: number, bytes: number): StreamFault => ({
  kind: 'long-line',
  after,
  bytes,
});

/**
 * The provider reports an error in the middle of the answer and closes the stream.
 * With the Responses API `event` chooses between `error` and `response.failed`; chat knows only one form.
 */
export const errorAfter = (
  after: number,
  error: Partial<ProviderError> = {},
  event: 'error' | 'failed' = 'error',
): StreamFault => ({
  kind: 'error',
  after,
  event,
  error: {
    code: 'server_error',
    type: 'server_error',
    message: 'The server had an error while processing your request.',
    ...error,
  },
});
