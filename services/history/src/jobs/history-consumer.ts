import { setTimeout as pause } from 'node:timers/promises';
import { historyJob, redisNames } from '@parley/contracts';
import { historyRetryMs, scoped, type Log } from '@parley/platform';
import { UnrecoverableError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { FinishAnswer } from '../use-cases/finish-answer.ts';

const CONCURRENCY = 50;
/** How soon another process takes over the jobs of one that was killed: somebody is waiting for that answer. */
const LOCK_MS = 10_000;
const STALLED_CHECK_MS = 5_000;
/** A job is only given up for what the store says of it, not because history processes were killed around it. */
const MAX_STALLED = 1_000;
const STOP_MS = 5_000;

/** Consumes the queue `history`. */
export class HistoryConsumer {
  readonly #worker: Worker;
  readonly #redis: Redis;
  readonly #log: Log;
  #stopping: Promise<void> | undefined;

  /** @param redis a connection of role `jobs`. */
  constructor(redis: Redis, finishAnswer: FinishAnswer, log: Log) {
    this.#redis = redis;
    this.#worker = new Worker(
      redisNames.queues.history,
      async ({ data }: { data: unknown }) => {
        const job = historyJob.read.safeParse(data);
        if (!job.success) throw new UnrecoverableError(`not a history job: ${job.error.message}`);
        await finishAnswer(job.data);
      },
      {
        connection: redis,
        prefix: redisNames.queuePrefix,
        autorun: false,
        concurrency: CONCURRENCY,
        lockDuration: LOCK_MS,
        stalledInterval: STALLED_CHECK_MS,
        maxStalledCount: MAX_STALLED,
        settings: { backoffStrategy: historyRetryMs },
      },
    );
    this.#log = scoped(log, { component: 'HistoryConsumer', function: 'process' });
    this.#worker.on('failed', (job, error) => {
      this.#log.error({ err: error, jobId: job?.id, attempt: job?.attemptsMade }, 'history job failed');
    });
    // Lost connections are reported by the connection itself.
    this.#worker.on('error', error => this.#log.debug({ err: error }, 'worker error'));
  }

  start(): void {
    this.#worker.run().catch((error: unknown) => {
      this.#log.error({ err: error }, 'the worker has stopped working');
    });
  }

  /** True while jobs are taken. */
  get isRunning(): boolean {
    return this.#worker.isRunning() && !this.#worker.closing;
  }

  /** Takes no new job and ends those under way; what is not ended in time, another process takes over. */
  async stop(): Promise<void> {
    await (this.#stopping ??= this.#close());
  }

  async #close(): Promise<void> {
    // Without Redis no job can be ended, and BullMQ would wait for it to come back.
    const isConnected = this.#redis.status === 'ready';
    const late = new AbortController();
    await Promise.race([
      this.#worker.close(!isConnected).finally(() => late.abort()),
      pause(STOP_MS, undefined, { signal: late.signal }).catch(() => undefined),
    ]);
  }
}
