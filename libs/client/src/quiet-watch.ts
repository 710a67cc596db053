import type { After } from './environment.ts';

const FIRST_LOOK_MS = 8_000;
const LONGEST_LOOK_MS = 60_000;

/**
 * Notices that nothing has been heard for a while although an answer is under way: if the last thing that was said got lost,
 * nothing that follows would show it. Looks less and less often, because a model may think for minutes.
 */
export class QuietWatch {
  readonly #after: After;
  readonly #onQuiet: () => void;
  #cancel: (() => void) | undefined;

  constructor(after: After, onQuiet: () => void) {
    this.#after = after;
    this.#onQuiet = onQuiet;
  }

  /**
   * @param isWaiting an answer is under way.
   * @param isNews something new has been heard of it.
   */
  update(isWaiting: boolean, isNews: boolean): void {
    if (isNews || !isWaiting) this.#stop();
    if (isWaiting && !this.#cancel) this.#look(FIRST_LOOK_MS);
  }

  #stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #look(ms: number): void {
    this.#cancel = this.#after(ms, () => {
      this.#look(Math.min(ms * 2, LONGEST_LOOK_MS));
      this.#onQuiet();
    });
  }
}
