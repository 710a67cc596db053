import { historyJob, redisNames } from '@parley/contracts';
import { JobConsumer, historyRetryMs, scoped, type Log } from '@parley/platform';
import type { Redis } from 'ioredis';
import type { FinishAnswer } from '../use-cases/finish-answer.ts';

const CONCURRENCY = 50;
/** How soon another process takes over the jobs of one that was killed: somebody is waiting for that answer. */
const LOCK_MS = 10_000;
const STALLED_CHECK_MS = 2_000;
/** A job is only given up for what the store says of it, not because history processes were killed around it. */
const MAX_STALLED = 1_000;

/**
 * Takes the jobs of queue `history`.
 *
 * @param redis a connection of role `jobs`.
 */
export function historyConsumer(
  redis: Redis,
  finishAnswer: FinishAnswer,
  log: Log,
): JobConsumer<(typeof historyJob.write)['shape']> {
  return new JobConsumer({
    queueName: redisNames.queues.history,
    schema: historyJob,
    redis,
    process: finishAnswer,
    concurrency: CONCURRENCY,
    lockMs: LOCK_MS,
    stalledCheckMs: STALLED_CHECK_MS,
    maxStalled: MAX_STALLED,
    retryMs: historyRetryMs,
    log: scoped(log, { component: 'HistoryConsumer', function: 'process' }),
  });
}
