import pMap from 'p-map';

/** A few: history must survive that all of a gateway's conversations ask at once. */
const AT_ONCE = 16;

/** Conversations whose feeds need the same repair: a few at a time, each once, and again those for which it failed. */
export class RepairQueue {
  readonly #work: (conversationId: string) => Promise<void>;
  readonly #onFailures: (failed: number, error: unknown) => void;
  readonly #left = new Set<string>();
  /** Those of them that this pass has yet to begin. */
  readonly #due = new Set<string>();
  #isRunning = false;

  /** @param onFailures is called once a pass, with the last error. */
  constructor(
    work: (conversationId: string) => Promise<void>,
    onFailures: (failed: number, error: unknown) => void,
  ) {
    this.#work = work;
    this.#onFailures = onFailures;
  }

  has(conversationId: string): boolean {
    return this.#left.has(conversationId);
  }

  /** Conversations for which it is still to be done, or being done. */
  get size(): number {
    return this.#left.size;
  }

  /** What is being done for one of them just now does not count: it will be done again. */
  add(conversationIds: Iterable<string>): void {
    for (const conversationId of conversationIds) {
      this.#left.add(conversationId);
      this.#due.add(conversationId);
    }
  }

  /** Begins a pass over all that is left, unless one is under way. */
  start(): void {
    if (this.#isRunning || this.#left.size === 0) return;
    this.#isRunning = true;
    this.add(this.#left);
    void this.#pass().finally(() => {
      this.#isRunning = false;
    });
  }

  clear(): void {
    this.#left.clear();
    this.#due.clear();
  }

  async #pass(): Promise<void> {
    const errors: unknown[] = [];
    const tryTo = (conversationId: string): Promise<unknown> =>
      this.#do(conversationId).catch((error: unknown) => errors.push(error));
    await pMap(this.#due, tryTo, { concurrency: AT_ONCE });
    if (errors.length > 0) this.#onFailures(errors.length, errors.at(-1));
  }

  async #do(conversationId: string): Promise<void> {
    this.#due.delete(conversationId);
    await this.#work(conversationId);
    if (!this.#due.has(conversationId)) this.#left.delete(conversationId);
  }
}
