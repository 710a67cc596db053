import { performance, type EventLoopUtilization } from 'node:perf_hooks';

const LOOK_EVERY_MS = 250;
/** Shares of the time in which the event loop has something to do. Above the first, tokens queue; two at once save a tenth. */
const BUSY = 0.9;
const EASY = 0.75;
/** At 50 tokens a second, the first of three waits for 40 ms. */
const MOST_AT_ONCE = 3;

/**
 * How many pieces of an answer travel together: one, and more of them while this process is busy. Each saves a trip through
 * Redis, the gateways and the sockets of all who read.
 */
export class Pace implements Disposable {
  #atOnce = 1;
  #until: EventLoopUtilization = performance.eventLoopUtilization();
  #timer: NodeJS.Timeout | undefined;

  /** Keeps looking how busy this process is, until it is disposed of. */
  start(): this {
    this.#timer = setInterval(() => {
      const now = performance.eventLoopUtilization();
      this.look(performance.eventLoopUtilization(now, this.#until).utilization);
      this.#until = now;
    }, LOOK_EVERY_MS);
    return this;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  get atOnce(): number {
    return this.#atOnce;
  }

  /** @param utilization of the event loop since the last look, 0 to 1. */
  look(utilization: number): void {
    if (utilization > BUSY) this.#atOnce = Math.min(this.#atOnce + 1, MOST_AT_ONCE);
    if (utilization < EASY) this.#atOnce = Math.max(this.#atOnce - 1, 1);
  }
}
