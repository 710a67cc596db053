import type { JobType, Queue } from 'bullmq';

/** Nobody works on them yet: they wait for a worker, or for the time of another try. In the order in which they are taken. */
const IDLE: JobType[] = ['waiting', 'prioritized', 'delayed'];

/** The jobs of a queue that nobody works on yet, those that wait for another try included. */
export class Backlog {
  readonly #queue: Queue;

  constructor(queue: Queue) {
    this.#queue = queue;
  }

  /** @throws whatever Redis throws. */
  async size(): Promise<number> {
    return this.#queue.getJobCountByTypes(...IDLE);
  }

  /**
   * Their ids, in the order in which they will be taken.
   *
   * @throws whatever Redis throws.
   */
  async ids(): Promise<string[]> {
    return this.#queue.getRanges(IDLE, 0, -1, true);
  }

  /**
   * Milliseconds since the job was put in that is taken next; of those that wait for another try the next one counts too,
   * as looking at all of them would cost too much. 0 if there is none.
   *
   * @throws whatever Redis throws.
   */
  async oldestMs(): Promise<number> {
    const next = await this.#queue.getJobs(IDLE, 0, 0, true);
    if (next.length === 0) return 0;
    return Math.max(Date.now() - Math.min(...next.map(({ timestamp }) => timestamp)), 0);
  }
}
