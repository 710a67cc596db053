import { Worker, type Job, type Processor, type WorkerOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import { luaScript, type LuaScript } from '../redis/lua-script.ts';

/**
 * KEYS: job, lock, active, stalled. ARGV: the job's id, our token, the start of the job that is ours (BullMQ counts them), time
 * to live. Locks a job again whose lock has run out, if nobody else has begun it since or is about to. Returns 1 if it is ours.
 *
 * One that Redis has lost is nobody else's, so it is ours.
 */
const TAKE_BACK = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 1 end
local holder = redis.call('GET', KEYS[2])
if holder then return holder == ARGV[2] and 1 or 0 end
if redis.call('HGET', KEYS[1], 'ats') ~= ARGV[3] or not redis.call('LPOS', KEYS[3], ARGV[1]) then return 0 end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[4])
redis.call('SREM', KEYS[4], ARGV[1])
return 1
`;

/**
 * KEYS: stalled-check, watched. ARGV: time to live of `watched`, the grace. Runs before each look for jobs without a lock. If none
 * was for a while, Redis may have been away, and every lock has run out: then the next look has to wait, as BullMQ's own key
 * says, until whoever lives has renewed its locks.
 */
const WATCH = `
if redis.call('EXISTS', KEYS[2]) == 0 then redis.call('SET', KEYS[1], 1, 'PX', ARGV[2]) end
redis.call('SET', KEYS[2], 1, 'PX', ARGV[1])
return 1
`;

/** A worker of BullMQ that does not lose its jobs while Redis is away, and that can be left. */
export class JobWorker extends Worker {
  readonly #lockMs: number;
  readonly #takeBack: LuaScript;

  constructor(
    queueName: string,
    processor: Processor,
    redis: Redis,
    options: Omit<WorkerOptions, 'connection'>,
  ) {
    super(queueName, processor, { ...options, connection: redis });
    this.#lockMs = this.opts.lockDuration ?? 0;
    this.#takeBack = luaScript(redis, 'parleyJobTakeBack', TAKE_BACK);
    this.#spareTheLiving(luaScript(redis, 'parleyJobWatch', WATCH));
  }

  /** Locks a job again whose lock could not be renewed. @returns whether it is ours; if not, it is, or will be, another's. */
  async takeBack({ id = '', token = '', attemptsStarted }: Job): Promise<boolean> {
    const keys = [id, `${id}:lock`, 'active', 'stalled'].map(name => this.toKey(name));
    return (await this.#takeBack(keys, [id, token, attemptsStarted, this.#lockMs])) === 1;
  }

  /**
   * Stops the timer that would have been stopped at the end of the closing, and would run for ever. The closing hangs when the
   * connection is just reconnecting: https://github.com/taskforcesh/bullmq/issues/4656
   */
  async leave(): Promise<void> {
    await this.lockManager.close();
  }

  #spareTheLiving(watch: LuaScript): void {
    const { backend } = this;
    const moveStalled = backend.moveStalledJobsToWait.bind(backend);
    const keys = ['stalled-check', 'watched'].map(name => this.toKey(name));
    backend.moveStalledJobsToWait = async () => {
      // A lock is renewed at half time, so it never runs out before `watched` does. Sent together: an outage that began between
      // the two would not be seen.
      const [, moved] = await Promise.all([watch(keys, [this.#lockMs / 2, this.#lockMs]), moveStalled()]);
      return moved;
    };
  }
}
