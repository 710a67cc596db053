import { ProviderError } from '../providers/provider-error.ts';
import type { AnswerEnd, OnText } from '../providers/provider.ts';
import type { Clock } from './clock.ts';
import type { Ending } from './ending.ts';
import type { MergingWriter } from './merging-writer.ts';
import { Watchdog, type Deadlines } from './watchdog.ts';

export interface IntakeLimits extends Deadlines {
  /** An answer that is longer ends there, UTF-16 code units. */
  readonly maxChars: number;
}

/** The model's side of a pump: takes its text until it ends, fails, falls silent or says too much. */
export class Intake implements Disposable {
  readonly #writer: MergingWriter;
  readonly #clock: Clock;
  readonly #onEnd: (ending: Ending) => void;
  readonly #watchdog: Watchdog;
  readonly #startedAt: number;
  #charsLeft: number;
  #closed = false;
  #sourceEnded = false;
  #firstTextMs: number | undefined;

  /** @param onEnd may be called more than once; the first call counts. */
  constructor(writer: MergingWriter, limits: IntakeLimits, clock: Clock, onEnd: (ending: Ending) => void) {
    this.#writer = writer;
    this.#clock = clock;
    this.#onEnd = onEnd;
    this.#charsLeft = limits.maxChars;
    this.#startedAt = clock.now();
    this.#watchdog = new Watchdog(clock, limits, message => {
      onEnd({ reason: 'failed', error: new ProviderError('stalled', message) });
    });
  }

  /** True once there is nothing left to abort. */
  get sourceEnded(): boolean {
    return this.#sourceEnded;
  }

  /** Milliseconds until the first text; undefined while there is none. */
  get firstTextMs(): number | undefined {
    return this.#firstTextMs;
  }

  readonly take: OnText = text => {
    if (this.#closed || text === '') return undefined;
    this.#watchdog.heard();
    this.#firstTextMs ??= this.#clock.now() - this.#startedAt;
    const full = this.#writer.write(text.slice(0, this.#charsLeft));
    this.#charsLeft -= text.length;
    if (this.#charsLeft <= 0) {
      this.#onEnd({ reason: 'complete', finishReason: 'length' });
      return undefined;
    }
    return full && this.#pauseUntil(full);
  };

  /** Ends with the source; what it throws becomes the reason. */
  async follow(source: Promise<AnswerEnd>): Promise<void> {
    try {
      const { reason, usage } = await source;
      this.#onEnd({ reason: 'complete', finishReason: reason, ...(usage && { usage }) });
    } catch (error) {
      this.#onEnd({ reason: 'failed', error });
    } finally {
      this.#sourceEnded = true;
    }
  }

  /** Takes nothing any more. */
  [Symbol.dispose](): void {
    this.#closed = true;
    this.#watchdog[Symbol.dispose]();
  }

  async #pauseUntil(room: Promise<void>): Promise<void> {
    this.#watchdog.pause();
    await room;
    this.#watchdog.resume();
  }
}
