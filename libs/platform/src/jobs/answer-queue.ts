import { answerJob, redisNames } from '@parley/contracts';
import type { Redis } from 'ioredis';
import type { AnswerRef } from '../answer-log/answer-log.ts';
import { Backlog } from './backlog.ts';
import { JobProducer } from './job-producer.ts';

/** Tries of one job while history or Redis are away; how often the provider is asked, history decides at the claim. */
const ATTEMPTS = 8;
const FIRST_RETRY_MS = 250;

/** Queue `answers`: gateways put new answers in, history those whose turn has come, and its sweeper those that got stuck. */
export class AnswerQueue {
  readonly #jobs: JobProducer<(typeof answerJob.write)['shape']>;
  readonly #backlog: Backlog;

  constructor(redis: Redis) {
    this.#jobs = new JobProducer(redisNames.queues.answers, answerJob, redis, {
      attempts: ATTEMPTS,
      backoff: { type: 'exponential', delay: FIRST_RETRY_MS },
      removeOnComplete: true,
      removeOnFail: { count: 1_000, age: 24 * 3600 },
    });
    this.#backlog = new Backlog(this.#jobs.queue);
  }

  /** Queues the answer unless it is queued or worked on already. */
  async add({ answerId, conversationId }: AnswerRef): Promise<void> {
    await this.#jobs.add(answerId, { answerId, conversationId });
  }

  /** Queues the answer again, also when its job has ended without storing it. */
  async requeue(answer: AnswerRef): Promise<void> {
    const job = await this.#jobs.queue.getJob(answer.answerId);
    if (job && ((await job.isFailed()) || (await job.isCompleted()))) await job.remove();
    await this.add(answer);
  }

  /** Takes the answer's job out if nobody works on it yet. */
  async remove(answerId: string): Promise<void> {
    const job = await this.#jobs.queue.getJob(answerId);
    if (job && !(await job.isActive())) await job.remove();
  }

  /** Answers that nobody works on yet, those included that a provider without a ready key has put off. */
  async waiting(): Promise<number> {
    return this.#backlog.size();
  }

  /** Their ids, in the order in which they will be taken. */
  async waitingIds(): Promise<string[]> {
    return this.#backlog.ids();
  }

  /** Milliseconds that the next of them has waited; 0 if there is none. */
  async longestWaitMs(): Promise<number> {
    return this.#backlog.oldestMs();
  }

  async close(): Promise<void> {
    await this.#jobs.close();
  }
}
