import type { ProviderError } from './provider-error.ts';
import type { StreamFault } from './stream-fault.ts';

/** Why the answer ends; `none` ends the body properly without ever saying so. */
export type FinishReason = 'stop' | 'length' | 'content_filter' | 'none';

/** Tokens the provider says it has counted. */
export interface TokenUsage {
  readonly input: number;
  readonly output: number;
}

/** The deltas of an answer. An array is one; `at` is called once per piece, at the moment it is written. */
export interface PieceSource {
  readonly length: number;
  at(index: number): string | undefined;
}

export interface AnswerOptions {
  /** Time from the request to the response headers; `Infinity` never answers. Default 0. */
  readonly acceptAfterMs?: number;
  /** Time from the headers to the first piece. Default `everyMs`. */
  readonly firstAfterMs?: number;
  /** Time between two pieces, kept to an absolute schedule. Default 0: as fast as the client reads. */
  readonly everyMs?: number;
  /** Every piece waits for its `ScriptedProvider.step()`. */
  readonly stepped?: boolean;
  readonly finishReason?: FinishReason;
  /** `false` leaves out `data: [DONE]` after a proper finish reason (chat only). */
  readonly doneMarker?: boolean;
  /** Default: a quarter of the request's characters, and one token per piece. */
  readonly usage?: TokenUsage;
  readonly faults?: readonly StreamFault[];
  /** Cuts the bytes of the body into writes of this size, through lines and UTF-8 sequences. */
  readonly bytesPerWrite?: number;
  readonly lineEnd?: '\n' | '\r\n' | '\r';
}

export interface StreamedAnswer extends AnswerOptions {
  readonly kind: 'answer';
  readonly pieces: PieceSource;
}

export interface RefusedRequest {
  readonly kind: 'failure';
  readonly status: number;
  readonly error: ProviderError;
  readonly headers: Readonly<Record<string, string>>;
  readonly afterMs: number;
}

interface HangUp {
  readonly kind: 'hang-up';
}

/** What one request gets. Plain data, so that one script serves both APIs, streamed or not. */
export type AnswerScript = StreamedAnswer | RefusedRequest | HangUp;

/**
 * An answer with this text, in deltas of `piece` UTF-16 code units (which may split a surrogate pair) or words.
 * @throws RangeError when a fault lies behind the last piece, where it would never happen.
 */
export function answer(
  text: string,
  options: AnswerOptions & { piece?: number | 'word' } = {},
): AnswerScript {
  const { piece = 'word', ...rest } = options;
  return pieces(piece === 'word' ? wordsOf(text) : slicesOf(text, piece), rest);
}

/**
 * An answer with exactly these deltas.
 * @throws RangeError when a fault lies behind the last piece, where it would never happen.
 */
export function pieces(deltas: PieceSource, options: AnswerOptions = {}): AnswerScript {
  const late = options.faults?.find(fault => fault.after > deltas.length);
  if (late) throw new RangeError(`${late.kind} after ${late.after} pieces of an answer of ${deltas.length}`);
  return { kind: 'answer', pieces: deltas, ...options };
}

/** An answer whose deltas are made when they are written, e.g. with the time in them. */
export function generatedPieces(
  count: number,
  make: (index: number) => string,
  options: AnswerOptions = {},
): AnswerScript {
  return pieces({ length: count, at: make }, options);
}

/** The request is refused with an HTTP status and OpenAI's error body. */
export function failure(
  status: number,
  options: Partial<ProviderError> & { headers?: Record<string, string>; afterMs?: number } = {},
): AnswerScript {
  const { headers = {}, afterMs = 0, ...error } = options;
  const type = status >= 500 ? 'server_error' : 'invalid_request_error';
  const defaults = { code: null, type, message: `The scripted provider answers ${status}.` };
  return { kind: 'failure', status, headers, afterMs, error: { ...defaults, ...error } };
}

/** The connection is reset before there is any response. */
export const hangUp = (): AnswerScript => ({ kind: 'hang-up' });

const wordsOf = (text: string): string[] => text.match(/\s*\S+|\s+$/g) ?? [];

function slicesOf(text: string, size: number): string[] {
  if (!Number.isInteger(size) || size < 1) throw new RangeError(`a piece of ${size} code units`);
  return Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
    text.slice(index * size, (index + 1) * size),
  );
}
