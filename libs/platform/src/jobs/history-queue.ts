import { historyJob, redisNames, type HistoryJob } from '@parley/contracts';
import type { Redis } from 'ioredis';
import { CAPPED, cappedBackoff } from './capped-backoff.ts';
import { JobProducer } from './job-producer.ts';

/** A finished answer is tried for as long as the store is away; the number only has to be one. */
const ATTEMPTS = 1_000_000;

/** Milliseconds until the next try of such a job, given how many there were: its consumer's `retryMs`. */
export const historyRetryMs = cappedBackoff(500, 15_000);

/** Queue `history`: facts that history must store. */
export class HistoryQueue {
  readonly #jobs: JobProducer<(typeof historyJob.write)['shape']>;

  constructor(redis: Redis) {
    this.#jobs = new JobProducer(redisNames.queues.history, historyJob, redis, {
      attempts: ATTEMPTS,
      backoff: { type: CAPPED },
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
