import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { answerJob, redisNames, type AnswerJob } from '@parley/contracts';
import { scoped, type Log } from '@parley/platform';
import { DelayedError, UnrecoverableError, Worker, type Job } from 'bullmq';
import type { Redis } from 'ioredis';
import type { AnswerOrder, Outcome } from '../answer/produce-answer.ts';
import { UnsettledClaim } from '../answer/unsettled-claim.ts';

export type Produce = (order: AnswerOrder, signal: AbortSignal) => Promise<Outcome>;

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
/** How long BullMQ may take to close once nothing is produced any more. */
const CLOSE_MS = 1_000;

/** Takes the jobs of queue `answers`. */
export class AnswerConsumer {
  readonly #worker: Worker;
  readonly #redis: Redis;
  readonly #produce: Produce;
  readonly #log: Log;
  /** The answers that are produced here just now; aborting lets go of one. */
  readonly #runs = new Map<string, AbortController>();

  constructor({ redis, concurrency, produce, log }: AnswerConsumerOptions) {
    this.#redis = redis;
    this.#produce = produce;
    this.#log = scoped(log, { component: 'AnswerConsumer', function: 'process' });
    // BullMQ hands out the signal only to a processor that declares three parameters.
    const process = (job: Job, token: string | undefined, signal: AbortSignal | undefined): Promise<void> =>
      this.#process(job, token, signal);
    this.#worker = new Worker(redisNames.queues.answers, process, {
      connection: redis,
      prefix: redisNames.queuePrefix,
      autorun: false,
      concurrency,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      maxStalledCount: MAX_STALLED,
    });
    this.#worker.on('error', error => {
      // Lost connections are reported by the connection itself.
      const level = 'code' in error ? 'debug' : 'warn';
      this.#log[level]({ err: error }, 'the queue has a problem');
    });
    this.#worker.on('failed', (job, error) => {
      this.#log.warn({ answerId: job?.id, err: error, attempts: job?.attemptsMade }, 'the job failed');
    });
    this.#worker.on('lockRenewalFailed', jobIds => void this.#letGo(jobIds));
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

  /** Takes no more jobs and ends those under way; what is left after `deadlineMs` is handed to other workers. */
  async drain(deadlineMs: number): Promise<void> {
    let isLate = false;
    const deadline = setTimeout(() => {
      isLate = true;
      this.#worker.cancelAllJobs('shutting down');
    }, deadlineMs);
    const closed = new AbortController();
    const closing = this.#worker.close().finally(() => closed.abort());
    // BullMQ waits forever for a connection that is just reconnecting (https://github.com/taskforcesh/bullmq/issues/4656).
    // Its jobs are other workers' then, to whom history says how far each answer is.
    const stuck = async (): Promise<void> => {
      let wasLate: boolean;
      do {
        wasLate = isLate;
        await pause(CLOSE_MS, undefined, { signal: closed.signal }).catch(() => undefined);
      } while (!closed.signal.aborted && !wasLate && this.#runs.size > 0);
    };
    try {
      await Promise.race([closing, stuck()]);
    } finally {
      clearTimeout(deadline);
    }
  }

  async #process(job: Job, token: string | undefined, signal: AbortSignal | undefined): Promise<void> {
    const parsed = answerJob.read.safeParse(job.data);
    if (!parsed.success || !signal) throw new UnrecoverableError('The job is not an order for an answer');
    const { answerId, conversationId, unsettledClaim } = parsed.data;
    const isOurs = unsettledClaim?.start === job.attemptsStarted;
    const claimId = isOurs ? unsettledClaim.id : randomUUID();
    const lost = new AbortController();
    this.#runs.set(answerId, lost);
    try {
      const order = { answerId, conversationId, queuedAt: job.timestamp, claimId };
      const outcome = await this.#produce(order, AbortSignal.any([signal, lost.signal]));
      if (outcome.kind === 'done') return;
      await job.moveToDelayed(Date.now() + outcome.ms, token);
      throw new DelayedError();
    } catch (error) {
      if (error instanceof UnsettledClaim) await this.#handOn(job, error);
      throw error;
    } finally {
      if (this.#runs.get(answerId) === lost) this.#runs.delete(answerId);
    }
  }

  /**
   * Leaves a claim to the job's next start, whichever worker that is. Only to that one: a later start may follow on a run that
   * has begun, and two workers with one epoch would write into one text. If it cannot be left, a run is used up.
   */
  async #handOn(job: Job, { claimId: id }: UnsettledClaim): Promise<void> {
    const unsettledClaim: AnswerJob['unsettledClaim'] = { id, start: job.attemptsStarted + 1 };
    await job.updateData({ ...(job.data as AnswerJob), unsettledClaim }).catch(() => undefined);
  }

  /**
   * Another worker has, or will get, these jobs. Unless Redis has lost them altogether: nobody else can have them then, so
   * the answers are carried on; should the sweeper queue one again after all, its fence ends this run.
   */
  async #letGo(jobIds: readonly string[]): Promise<void> {
    // Looked up before anything is awaited: this very worker may take one of them again meanwhile, and that run is fine.
    const runs = jobIds.map(jobId => [jobId, this.#runs.get(jobId)] as const);
    for (const [jobId, run] of runs) {
      const exists = await this.#redis.exists(this.#worker.toKey(jobId)).catch(() => 1);
      if (exists === 1) run?.abort(new Error('The lock is lost'));
    }
  }
}
