import type { Clock } from './clock.ts';

/** Milliseconds. Only text counts: what keeps a connection warm says nothing about the model. */
export interface Deadlines {
  /** From the request to the first text. */
  readonly firstTextMs: number;
  /** Between two pieces of text. */
  readonly idleMs: number;
  /** From the request to the end. */
  readonly totalMs: number;
}

/** Barks once, when a deadline of an answer has passed. */
export class Watchdog implements Disposable {
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #bark: (message: string) => void;
  readonly #cancelTotal: () => void;
  #cancelQuiet: () => void = () => undefined;
  #begun = false;
  #paused = false;
  #quietSince: number;

  constructor(clock: Clock, deadlines: Deadlines, bark: (message: string) => void) {
    this.#clock = clock;
    this.#deadlines = deadlines;
    this.#bark = bark;
    this.#quietSince = clock.now();
    this.#cancelTotal = clock.after(deadlines.totalMs, () => bark(`no end within ${deadlines.totalMs} ms`));
    this.#watch(deadlines.firstTextMs);
  }

  /** Text has come. Costs a look at the clock: the timer finds out by itself how long it was quiet. */
  heard(): void {
    this.#quietSince = this.#clock.now();
    if (this.#begun) return;
    this.#begun = true;
    this.#watch(this.#deadlines.idleMs);
  }

  /** Silence is our own doing from now on: we do not read. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#quietSince = this.#clock.now();
  }

  [Symbol.dispose](): void {
    this.#cancelTotal();
    this.#cancelQuiet();
  }

  #watch(ms: number): void {
    this.#cancelQuiet();
    this.#cancelQuiet = this.#clock.after(ms, () => this.#look());
  }

  #look(): void {
    const limit = this.#begun ? this.#deadlines.idleMs : this.#deadlines.firstTextMs;
    const left = this.#paused ? limit : this.#quietSince + limit - this.#clock.now();
    if (left > 0) this.#watch(left);
    else this.#bark(this.#begun ? `no text for ${limit} ms` : `no text within ${limit} ms`);
  }
}
