import type { Clock } from './clock.ts';

/** What comes less often than this gains nothing by waiting. */
const MAX_WAIT_MS = 100;

/** Holds the pieces of one answer back until as many as shall travel together have come, or the first has waited long enough. */
export class Hold {
  readonly #atOnce: () => number;
  readonly #clock: Clock;
  readonly #onDue: () => void;
  #held = 0;
  #cancel: (() => void) | undefined;

  /**
   * @param atOnce how many shall travel together; asked for each piece.
   * @param onDue what is held has waited long enough.
   */
  constructor(atOnce: () => number, clock: Clock, onDue: () => void) {
    this.#atOnce = atOnce;
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** One more piece has come. @returns true if it has to wait. */
  keeps(): boolean {
    this.#held += 1;
    if (this.#held >= this.#atOnce()) return false;
    this.#cancel ??= this.#clock.after(MAX_WAIT_MS, this.#onDue);
    return true;
  }

  /** Nothing is held any more. */
  release(): void {
    this.#held = 0;
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
