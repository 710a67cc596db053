import { historyJob, redisNames, type HistoryJob } from '@parley/contracts';
import type { Redis } from 'ioredis';
import { JobProducer } from './job-producer.ts';

/** A finished answer is tried for as long as the store may be away: 30 tries, at most a minute apart. */
const ATTEMPTS = 30;
const FIRST_RETRY_MS = 500;

/** Queue `history`: facts that history must store. */
export class HistoryQueue {
  readonly #jobs: JobProducer<(typeof historyJob.write)['shape']>;

  constructor(redis: Redis) {
    this.#jobs = new JobProducer(redisNames.queues.history, historyJob, redis, {
      attempts: ATTEMPTS,
      backoff: { type: 'exponential', delay: FIRST_RETRY_MS },
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
