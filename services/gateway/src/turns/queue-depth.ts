import type { AnswerQueue } from '@parley/platform';

const LOOK_EVERY_MS = 500;

/** How many answers nobody works on yet, as of half a second ago; asking Redis for every message would cost each a round trip. */
export class QueueDepth {
  readonly #queue: AnswerQueue;
  readonly #max: number;
  readonly #timer: NodeJS.Timeout;
  #waiting = 0;

  constructor(queue: AnswerQueue, maxWaiting: number) {
    this.#queue = queue;
    this.#max = maxWaiting;
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_MS);
  }

  get waiting(): number {
    return this.#waiting;
  }

  get isFull(): boolean {
    return this.#waiting >= this.#max;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    // While Redis is away the last number stays; sends then fail for a better reason.
    this.#waiting = await this.#queue.waiting().catch(() => this.#waiting);
  }
}
