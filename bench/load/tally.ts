import { monotonicMs } from '../measure/monotonic.ts';
import { Samples } from '../measure/samples.ts';
import type { AnswerOrder } from './answer-order.ts';
import { readStamp, TOKEN_END } from './stamp.ts';

/** Tokens of each answer that are not measured: while they come, some of the others have not begun yet. */
export const WARM_UP_TOKENS = 50;

export interface TallyEvents {
  /** All answers are under way. @param tokens that have come so far, of all of them. */
  onSteady(tokens: number): void;
  /** The first answer has ended. */
  onEbb(tokens: number): void;
}

/** Counts the tokens of many answers that come at the same time, and how old each one is. */
export class Tally {
  readonly ages = new Samples();
  readonly #order: AnswerOrder;
  readonly #events: TallyEvents;
  readonly #counts: Uint32Array;
  #tokens = 0;
  #notWarm: number;
  #ebbing = false;

  constructor(streams: number, order: AnswerOrder, events: TallyEvents) {
    this.#order = order;
    this.#events = events;
    this.#counts = new Uint32Array(streams);
    this.#notWarm = streams;
  }

  /** New text of an answer: one token or several. */
  take(stream: number, text: string): void {
    const now = monotonicMs();
    for (let from = 0, end = text.indexOf(TOKEN_END); end !== -1; end = text.indexOf(TOKEN_END, from)) {
      this.#token(stream, text, from, end, now);
      from = end + 1;
    }
  }

  /** @throws Error if tokens are missing or came twice. */
  end(stream: number): void {
    const count = this.#counts[stream] ?? 0;
    if (count !== this.#order.tokens)
      throw new Error(`stream ${stream} ended with ${count} of ${this.#order.tokens} tokens`);
    if (this.#ebbing) return;
    this.#ebbing = true;
    this.#events.onEbb(this.#tokens);
  }

  #token(stream: number, text: string, from: number, end: number, now: number): void {
    this.#tokens += 1;
    const count = (this.#counts[stream] ?? 0) + 1;
    this.#counts[stream] = count;
    if (count === WARM_UP_TOKENS && --this.#notWarm === 0) this.#events.onSteady(this.#tokens);
    if (this.#order.form !== 'stamps' || count <= WARM_UP_TOKENS) return;
    this.ages.add(now - readStamp(text.slice(from, end)).writtenAt);
  }
}
