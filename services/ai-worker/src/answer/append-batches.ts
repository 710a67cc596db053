import type { AnswerLog } from '@parley/platform';

/** Batches that may wait for Redis. One costs a round trip of delay, more find less to take along. */
const MAX_IN_FLIGHT = 2;

/** Runs what it is given so that all that is sent meanwhile leaves in one packet. */
export type Together = (send: () => void) => void;

/**
 * Sends the pieces of many answers in few packets: most of what a token costs, here and in Redis, is its own packet. Those of
 * one turn of the event loop travel together, and while two batches are on their way the next one gathers. A quiet worker
 * sends each piece at once.
 */
export class AppendBatches {
  readonly #append: AnswerLog['append'];
  readonly #together: Together;
  #waiting: (() => Promise<void>)[] = [];
  #inFlight = 0;
  #armed = false;

  constructor(append: AnswerLog['append'], together: Together) {
    this.#append = append;
    this.#together = together;
  }

  readonly append: AnswerLog['append'] = (...piece) =>
    new Promise((resolve, reject) => {
      this.#waiting.push(() => this.#append(...piece).then(resolve, reject));
      this.#arm();
    });

  #arm(): void {
    if (this.#armed || this.#inFlight >= MAX_IN_FLIGHT || this.#waiting.length === 0) return;
    this.#armed = true;
    // After all sockets that are readable in this turn have been read.
    setImmediate(() => this.#send());
  }

  #send(): void {
    const batch = this.#waiting;
    let last: Promise<void> | undefined;
    this.#waiting = [];
    this.#armed = false;
    this.#inFlight += 1;
    this.#together(() => {
      for (const send of batch) last = send();
    });
    // Redis answers in order.
    void last?.then(() => {
      this.#inFlight -= 1;
      this.#arm();
    });
  }
}
