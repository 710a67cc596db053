import { setTimeout as pause } from 'node:timers/promises';
import { redisNames, type Versioned } from '@parley/contracts';
import { UnrecoverableError, type Job } from 'bullmq';
import type { Redis } from 'ioredis';
import type { z } from 'zod';
import type { Log } from '../logging/logger.ts';
import { JobWorker } from './job-worker.ts';

/**
 * Does one job. What it throws has the job tried again, as often as its producer allows.
 *
 * @param data what the job says.
 * @param signal is aborted when the job is, or is to become, another process's: let go of it at once.
 */
type ProcessJob<S extends z.ZodRawShape> = (
  data: z.output<Versioned<S>['read']>,
  job: Job,
  signal: AbortSignal,
) => Promise<void>;

export interface JobConsumerOptions<S extends z.ZodRawShape> {
  /** From `redisNames.queues`. */
  readonly queueName: string;
  /** A job that does not fit is given up. */
  readonly schema: Versioned<S>;
  /** A connection of role `jobs`. */
  readonly redis: Redis;
  readonly process: ProcessJob<S>;
  /** Jobs at the same time. */
  readonly concurrency: number;
  /** Milliseconds after which a killed process's jobs may be taken over; renewed at half time. */
  readonly lockMs: number;
  /** Milliseconds between two looks for such jobs; well below half of `lockMs`. */
  readonly stalledCheckMs: number;
  /** How often a job may lose its process before it is given up. */
  readonly maxStalled: number;
  /** Milliseconds until the next try, for producers that ask for a backoff of their own. */
  readonly retryMs?: (attempt: number) => number;
  /** Scoped to the consumer. */
  readonly log: Log;
}

/** How long BullMQ may take to close once nothing is under way any more. */
const CLOSE_MS = 1_000;
/**
 * One wait for a job, in seconds, while none is put off (then it is up to 10 s). BullMQ gives up a wait that a broken connection
 * has swallowed one second later; only then is a job taken again.
 */
const WAIT_S = 2;

/** A job under way. */
interface Run {
  readonly job: Job;
  /** Aborting lets go of it. */
  readonly control: AbortController;
}

/** Takes the jobs of one queue. */
export class JobConsumer<S extends z.ZodRawShape> {
  readonly #options: JobConsumerOptions<S>;
  readonly #worker: JobWorker;
  /** By the ids of their jobs. */
  readonly #runs = new Map<string, Run>();
  #draining: Promise<void> | undefined;
  /** The deadline of the drain is over: nothing is begun any more. */
  #isLate = false;

  constructor(options: JobConsumerOptions<S>) {
    const { queueName, redis, concurrency, lockMs, stalledCheckMs, maxStalled, retryMs, log } = options;
    this.#options = options;
    this.#worker = new JobWorker(queueName, job => this.#process(job), redis, {
      prefix: redisNames.queuePrefix,
      autorun: false,
      concurrency,
      lockDuration: lockMs,
      stalledInterval: stalledCheckMs,
      maxStalledCount: maxStalled,
      drainDelay: WAIT_S,
      ...(retryMs && { settings: { backoffStrategy: retryMs } }),
    });
    this.#worker.on('error', error => {
      // Lost connections are reported by the connection itself.
      const level = 'code' in error ? 'debug' : 'warn';
      log[level]({ err: error }, 'the queue has a problem');
    });
    this.#worker.on('failed', (job, error) => {
      const level = job?.finishedOn === undefined ? 'warn' : 'error';
      log[level]({ jobId: job?.id, err: error, attempts: job?.attemptsMade }, 'the job failed');
    });
    this.#worker.on('lockRenewalFailed', jobIds => void this.#letGo(jobIds));
  }

  /** Begins to take jobs, now or when Redis is there. */
  start(): void {
    this.#worker.run().catch((error: unknown) => {
      this.#options.log.error({ err: error }, 'the worker has stopped working');
    });
  }

  /** True while jobs are taken. */
  get isRunning(): boolean {
    return this.#worker.isRunning() && !this.#worker.closing;
  }

  /**
   * Takes no more jobs and ends those under way; repeating it changes nothing.
   *
   * @param deadlineMs what is left by then is let go of, for other processes; two seconds later it is left as it is.
   */
  async drain(deadlineMs: number): Promise<void> {
    await (this.#draining ??= this.#drain(deadlineMs));
  }

  async #drain(deadlineMs: number): Promise<void> {
    const deadline = setTimeout(() => {
      this.#isLate = true;
      for (const { control } of this.#runs.values()) control.abort(new Error('shutting down'));
    }, deadlineMs);
    const closed = new AbortController();
    const closing = this.#worker.close().finally(() => closed.abort());
    // It may hang, so it is left alone a while after the last job, or the deadline. A job that it was just fetching begins
    // another while.
    const isOver = (): boolean => this.#isLate || this.#runs.size === 0;
    const stuck = async (): Promise<void> => {
      let wasOver: boolean;
      do {
        wasOver = isOver();
        await pause(CLOSE_MS, undefined, { signal: closed.signal }).catch(() => undefined);
      } while (!closed.signal.aborted && !(wasOver && isOver()));
    };
    try {
      await Promise.race([closing, stuck()]);
      if (!closed.signal.aborted) await this.#worker.leave();
    } finally {
      clearTimeout(deadline);
    }
  }

  async #process(job: Job): Promise<void> {
    const { schema, queueName, process } = this.#options;
    const parsed = schema.read.safeParse(job.data);
    if (!parsed.success)
      throw new UnrecoverableError(`not a job of queue ${queueName}: ${parsed.error.message}`);
    if (this.#isLate) throw new Error('shutting down');
    const jobId = job.id ?? '';
    const run = { job, control: new AbortController() };
    this.#runs.set(jobId, run);
    try {
      await process(parsed.data, job, run.control.signal);
    } finally {
      if (this.#runs.get(jobId) === run) this.#runs.delete(jobId);
    }
  }

  /** Another process has, or will get, those of these jobs that cannot be locked again. */
  async #letGo(jobIds: readonly string[]): Promise<void> {
    // Looked up before anything is awaited: this very process may take one of them again meanwhile, and that run is fine.
    const runs = jobIds.flatMap(jobId => this.#runs.get(jobId) ?? []);
    const looks = runs.map(async ({ job, control }) => {
      if (!(await this.#worker.takeBack(job))) control.abort(new Error('The lock is lost'));
    });
    // If Redis does not say, it is asked again after the next renewal.
    await Promise.allSettled(looks);
  }
}
