import { redisNames, type Versioned } from '@parley/contracts';
import { Queue, type JobsOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import type { z } from 'zod';

/** Entries that the event stream of a queue keeps; nobody reads them but tools. */
const EVENTS_KEPT = 1_000;

/** Puts jobs of one kind into their queue; a job whose id is already queued is not queued again. */
export class JobProducer<S extends z.ZodRawShape> {
  readonly queue: Queue;
  readonly #schema: Versioned<S>;
  readonly #options: JobsOptions;

  /**
   * @param queueName from `redisNames.queues`.
   * @param redis its role decides whether `add` fails at once or waits while Redis is away.
   * @param options retries and how many ended jobs are kept.
   */
  constructor(queueName: string, schema: Versioned<S>, redis: Redis, options: JobsOptions) {
    this.#schema = schema;
    this.#options = options;
    this.queue = new Queue(queueName, {
      connection: redis,
      prefix: redisNames.queuePrefix,
      streams: { events: { maxLen: EVENTS_KEPT } },
      skipVersionCheck: true,
      skipWaitingForReady: true,
    });
    // The connection reports its own errors; without a listener BullMQ's copy would end the process.
    this.queue.on('error', () => undefined);
  }

  /**
   * @param jobId letters, digits, `-`, `_`; not only digits.
   * @param options of this job alone.
   */
  async add(jobId: string, job: z.input<Versioned<S>['write']>, options: JobsOptions = {}): Promise<void> {
    await this.queue.add(this.queue.name, this.#schema.write.parse(job), {
      ...this.#options,
      ...options,
      jobId,
    });
  }

  async close(): Promise<void> {
    await this.queue.close();
  }
}
