import { redisNames } from '@parley/contracts';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

const ENDED = new Set(['completed', 'failed', 'unknown']);

/** Looks into a queue that somebody else fills. */
export class JobLookup {
  readonly #queue: Queue;

  /** @param queueName from `redisNames.queues`. */
  constructor(queueName: string, redis: Redis) {
    this.#queue = new Queue(queueName, {
      connection: redis,
      prefix: redisNames.queuePrefix,
      skipMetasUpdate: true,
      skipVersionCheck: true,
      skipWaitingForReady: true,
    });
    // The connection reports its own errors; without a listener BullMQ's copy would end the process.
    this.#queue.on('error', () => undefined);
  }

  /** True while the job waits, for its turn or for another try, or is worked on. */
  async isUnderWay(jobId: string): Promise<boolean> {
    return !ENDED.has(await this.#queue.getJobState(jobId));
  }

  async close(): Promise<void> {
    await this.#queue.close();
  }
}
