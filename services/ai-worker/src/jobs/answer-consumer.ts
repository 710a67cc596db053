import { randomUUID } from 'node:crypto';
import { answerJob, redisNames, type AnswerJob } from '@parley/contracts';
import { JobConsumer, answerRetryMs, scoped, type Log } from '@parley/platform';
import { DelayedError, type Job } from 'bullmq';
import type { Redis } from 'ioredis';
import type { AnswerOrder, Outcome } from '../answer/produce-answer.ts';
import { UnsettledClaim } from '../answer/unsettled-claim.ts';

type Produce = (order: AnswerOrder, signal: AbortSignal) => Promise<Outcome>;

export interface AnswerConsumerOptions {
  /** A connection of role `jobs`. */
  readonly redis: Redis;
  /** Answers at the same time. */
  readonly concurrency: number;
  readonly produce: Produce;
  readonly log: Log;
}

/**
 * A killed worker's jobs are taken over when its locks, renewed at half time, have run out and a check has missed them: 2 to
 * 5 s. Shorter, and a worker that is only busy would lose them.
 */
const LOCK_MS = 4_000;
const STALLED_CHECK_MS = 1_000;
/** How often an answer is run, history decides; a job that is given up here would only come back through the sweeper. */
const MAX_STALLED = 20;

/**
 * Takes the jobs of queue `answers`. One that Redis has lost is carried on; should the sweeper queue it again after all, its
 * fence ends this run.
 */
export function answerConsumer(
  options: AnswerConsumerOptions,
): JobConsumer<(typeof answerJob.write)['shape']> {
  const { redis, concurrency, produce, log } = options;
  return new JobConsumer({
    queueName: redisNames.queues.answers,
    schema: answerJob,
    redis,
    process: async (data, job, signal) => {
      const outcome = await produce(orderOf(data, job), signal).catch(async (error: unknown) => {
        if (error instanceof UnsettledClaim) await handOn(data, job, error);
        throw error;
      });
      if (outcome.kind === 'done') return;
      await job.moveToDelayed(Date.now() + outcome.ms, job.token);
      throw new DelayedError();
    },
    concurrency,
    lockMs: LOCK_MS,
    stalledCheckMs: STALLED_CHECK_MS,
    maxStalled: MAX_STALLED,
    retryMs: answerRetryMs,
    log: scoped(log, { component: 'AnswerConsumer', function: 'process' }),
  });
}

function orderOf({ answerId, conversationId, unsettledClaim }: AnswerJob, job: Job): AnswerOrder {
  const isOurs = unsettledClaim?.start === job.attemptsStarted;
  const claimId = isOurs ? unsettledClaim.id : randomUUID();
  // Taken from when the job was asked for: the reply may have waited in a process that stood still.
  const oursUntil = (job.processedOn ?? Date.now()) + LOCK_MS;
  return { answerId, conversationId, queuedAt: job.timestamp, oursUntil, claimId };
}

/**
 * Leaves a claim to the job's next start, whichever worker that is. Only to that one: a later start may follow on a run that
 * has begun, and two workers with one epoch would write into one text. If it cannot be left, a run is used up.
 */
async function handOn(data: AnswerJob, job: Job, { claimId: id }: UnsettledClaim): Promise<void> {
  const unsettledClaim: AnswerJob['unsettledClaim'] = { id, start: job.attemptsStarted + 1 };
  await job.updateData({ ...data, unsettledClaim }).catch(() => undefined);
}
