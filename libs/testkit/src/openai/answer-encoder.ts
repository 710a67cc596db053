import type { FinishReason, TokenUsage } from './answer-script.ts';
import type { ProviderError } from './provider-error.ts';

/** One server-sent event; `data` is a single line. */
export interface SseEvent {
  readonly event?: string;
  readonly data: string;
}

/** What the events of one reply have to repeat about their request. */
export interface ReplyContext {
  readonly requestId: string;
  readonly model: string;
  /** Seconds since 1970. */
  readonly createdAt: number;
  readonly includeUsage: boolean;
  readonly doneMarker: boolean;
}

/** How one of OpenAI's APIs spells an answer. Made for one reply: it may count and remember. */
export interface AnswerEncoder {
  opening(): SseEvent[];
  piece(text: string): SseEvent;
  emptyChunk(): SseEvent;
  roleChunk(): SseEvent;
  /** An event without text whose line has at least this many bytes. */
  longLine(bytes: number): SseEvent;
  error(error: ProviderError, event: 'error' | 'failed'): SseEvent;
  closing(finish: Exclude<FinishReason, 'none'>, usage: TokenUsage): SseEvent[];
  /** The JSON body of the same answer when it is not streamed. */
  whole(text: string, finish: FinishReason, usage: TokenUsage): string;
}

/** The bytes of an event on the wire. */
export function formatSse(event: SseEvent, lineEnd: string): string {
  const name = event.event === undefined ? '' : `event: ${event.event}${lineEnd}`;
  return `${name}data: ${event.data}${lineEnd}${lineEnd}`;
}
