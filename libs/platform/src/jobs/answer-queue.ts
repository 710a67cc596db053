import { answerJob, redisNames } from '@parley/contracts';
import type { Redis } from 'ioredis';
import type { AnswerRef } from '../answer-log/answer-log.ts';
import { Backlog } from './backlog.ts';
import { CAPPED, cappedBackoff } from './capped-backoff.ts';
import { JobProducer } from './job-producer.ts';

/**
 * Tries of one job while history or Redis are away, over some 37 s; then the sweeper queues it again. How often the provider is
 * asked, history decides at the claim.
 */
const ATTEMPTS = 16;
/** BullMQ's priorities are from 1, which is taken first, to this. */
const LAST_PRIORITY = 2_097_151;
/** Looked at in one `promote`. */
const PROMOTED_AT_ONCE = 100;

/** Milliseconds until the next try of such a job, given how many there were: its consumer's `retryMs`. */
export const answerRetryMs = cappedBackoff(250, 3_000);

/** Queue `answers`: gateways put new answers in, history those whose turn has come, and its sweeper those that got stuck. */
export class AnswerQueue {
  readonly #jobs: JobProducer<(typeof answerJob.write)['shape']>;
  readonly #backlog: Backlog;

  constructor(redis: Redis) {
    this.#jobs = new JobProducer(redisNames.queues.answers, answerJob, redis, {
      attempts: ATTEMPTS,
      backoff: { type: CAPPED },
      removeOnComplete: true,
      removeOnFail: { count: 1_000, age: 24 * 3600 },
    });
    this.#backlog = new Backlog(this.#jobs.queue);
  }

  /**
   * Queues the answer unless it is queued or worked on already.
   *
   * @param rank open answers that whoever asks for this one has already. Everybody's first answer is taken before anybody's
   * second, and so on; of the same rank, in the order in which they came.
   */
  async add({ answerId, conversationId }: AnswerRef, rank = 0): Promise<void> {
    const priority = Math.min(rank + 1, LAST_PRIORITY);
    await this.#jobs.add(answerId, { answerId, conversationId }, { priority });
  }

  /**
   * Gives the first rank to what has waited for longer than `afterMs`: else, while more is asked than can be answered, new first
   * answers would go before it for ever.
   */
  async promote(afterMs: number): Promise<void> {
    const before = Date.now() - afterMs;
    const last = await this.#jobs.queue.getJobs(['prioritized'], 0, PROMOTED_AT_ONCE - 1, false);
    const overdue = last.filter(({ priority, timestamp }) => priority > 1 && timestamp < before);
    // Oldest first. One that a worker has taken meanwhile has no rank any more.
    for (const job of overdue.reverse()) await job.changePriority({ priority: 1 }).catch(() => undefined);
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
