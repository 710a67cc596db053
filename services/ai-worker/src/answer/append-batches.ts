import type { AnswerLog, Append, AppendResult } from '@parley/platform';

/** Batches that may wait for Redis. One costs a round trip of delay, more find less to take along. */
const MAX_IN_FLIGHT = 2;
/** Pieces in one call: Redis does nothing else meanwhile. */
const MAX_PIECES = 200;

interface Waiting {
  readonly piece: Append;
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Sends the pieces of many answers in few calls: most of what a token costs, here and in Redis, is its own call. Those of one
 * turn of the event loop travel together, and while two batches are on their way the next one gathers. A quiet worker sends
 * each piece at once.
 */
export class AppendBatches {
  readonly #appendAll: AnswerLog['appendAll'];
  #waiting: Waiting[] = [];
  #inFlight = 0;
  #armed = false;

  constructor(appendAll: AnswerLog['appendAll']) {
    this.#appendAll = appendAll;
  }

  /** Resolves when the log has taken or refused the piece. */
  readonly append = (piece: Append): Promise<AppendResult> =>
    new Promise((resolve, reject) => {
      this.#waiting.push({ piece, resolve, reject });
      this.#arm();
    });

  #arm(): void {
    if (this.#armed || this.#inFlight >= MAX_IN_FLIGHT || this.#waiting.length === 0) return;
    this.#armed = true;
    // After all sockets that are readable in this turn have been read.
    setImmediate(() => {
      this.#armed = false;
      this.#inFlight += 1;
      void this.#send(this.#waiting.splice(0, MAX_PIECES)).then(() => {
        this.#inFlight -= 1;
        this.#arm();
      });
      this.#arm();
    });
  }

  async #send(batch: readonly Waiting[]): Promise<void> {
    try {
      const results = await this.#appendAll(batch.map(({ piece }) => piece));
      batch.forEach(({ resolve, reject }, index) => {
        const result = results[index];
        if (result) resolve(result);
        else reject(new Error('The answer log has not answered'));
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
