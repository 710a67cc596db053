import { redisNames } from '@parley/contracts';
import { Backlog } from '@parley/platform';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { JobLookup } from '../sweeper/abandoned-answers.ts';

const ENDED = new Set(['completed', 'failed', 'unknown']);

/** The jobs of a queue that somebody else fills. */
export class QueuedJobs implements JobLookup {
  readonly backlog: Backlog;
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
    this.backlog = new Backlog(this.#queue);
  }

  async isUnderWay(jobId: string): Promise<boolean> {
    return !ENDED.has(await this.#queue.getJobState(jobId));
  }

  async close(): Promise<void> {
    await this.#queue.close();
  }
}
