import { historyJob, redisNames, type HistoryJob } from '@parley/contracts';
import type { Redis } from 'ioredis';
import { JobProducer } from './job-producer.ts';

/** A finished answer is tried for as long as the store is away; the number only has to be one. */
const ATTEMPTS = 1_000_000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;

/** Milliseconds until the next try; the consumer's `retryMs`. BullMQ's own exponential one grows without bound. */
export function historyRetryMs(attempt: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** Math.min(attempt - 1, 10), LONGEST_RETRY_MS);
}

/** Queue `history`: facts that history must store. */
export class HistoryQueue {
  readonly #jobs: JobProducer<(typeof historyJob.write)['shape']>;

  constructor(redis: Redis) {
    this.#jobs = new JobProducer(redisNames.queues.history, historyJob, redis, {
      attempts: ATTEMPTS,
      backoff: { type: 'capped' },
      removeOnComplete: true,
      removeOnFail: { count: 10_000, age: 7 * 24 * 3600 },
    });
  }

  /** Hands over how an answer ended; once per epoch. */
  async answerFinished(fact: Omit<HistoryJob, 'type'>): Promise<void> {
    await this.#jobs.add(`${fact.answerId}-${fact.epoch}`, { ...fact, type: 'answer.finished' });
  }

  async close(): Promise<void> {
    await this.#jobs.close();
  }
}
