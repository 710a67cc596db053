/**
 * Tells a changing value at most once per window: the first change at once, then the newest value when the window is over.
 * What is told is always the newest, so what is skipped is never missed.
 */
export class Coalesced<T> {
  readonly #windowMs: (value: T) => number;
  readonly #now: () => number;
  readonly #tell: (value: T) => void;
  #toldAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #value!: T;

  /** @param windowMs may depend on the value: what is larger may be told less often. */
  constructor(windowMs: (value: T) => number, now: () => number, tell: (value: T) => void) {
    this.#windowMs = windowMs;
    this.#now = now;
    this.#tell = tell;
  }

  /** The value has changed. */
  offer(value: T): void {
    this.#value = value;
    if (this.#timer) return;
    const wait = this.#toldAt + this.#windowMs(value) - this.#now();
    if (wait <= 0) this.#tellNow();
    else this.#timer = setTimeout(() => this.#tellNow(), wait);
  }

  /** Drops what has not been told yet. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #tellNow(): void {
    this.#timer = undefined;
    this.#toldAt = this.#now();
    this.#tell(this.#value);
  }
}
