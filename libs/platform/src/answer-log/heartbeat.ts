import { randomUUID } from 'node:crypto';
import { redisNames } from '@parley/contracts';
import type { Redis } from 'ioredis';
import type { AnswerRef } from './answer-log.ts';

/** Refreshed every second; gone three missed beats after its worker. */
const BEAT_MS = 1_000;
const GONE_AFTER_MS = 3_000;

/** KEYS: heartbeat. ARGV: owner. Somebody else may have the answer by now. */
const END = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`;

/**
 * Tells that a worker is alive that works on an answer. A timer keeps it, not the text: a model that thinks for a minute is
 * no dead worker. Starts before the claim, so that the sweeper never meets a claimed answer without it.
 */
export class AnswerHeartbeat implements Disposable {
  readonly #redis: Redis;
  readonly #key: string;
  readonly #owner = randomUUID();
  readonly #timer: NodeJS.Timeout;

  private constructor(redis: Redis, key: string, onError: (error: unknown) => void) {
    this.#redis = redis;
    this.#key = key;
    this.#timer = setInterval(() => {
      // Beats must not pile up for the time when Redis is back.
      if (this.#redis.status !== 'ready') return;
      this.#beat().catch(onError);
    }, BEAT_MS);
  }

  /** Resolves when the first beat is written. Later ones that fail are told to `onError` and tried again. */
  static async start(
    redis: Redis,
    answer: AnswerRef,
    onError: (error: unknown) => void,
  ): Promise<AnswerHeartbeat> {
    const heartbeat = new AnswerHeartbeat(redis, keyOf(answer), onError);
    try {
      await heartbeat.#beat();
      return heartbeat;
    } catch (error) {
      clearInterval(heartbeat.#timer);
      throw error;
    }
  }

  /** True while a worker is alive that works on the answer. */
  static async isAlive(redis: Redis, answer: AnswerRef): Promise<boolean> {
    return (await redis.exists(keyOf(answer))) === 1;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    // Not waited for: an outage must not hold up the worker, and the end of its time-to-live does the same, only later.
    if (this.#redis.status === 'ready')
      this.#redis.eval(END, 1, this.#key, this.#owner).catch(() => undefined);
  }

  async #beat(): Promise<void> {
    await this.#redis.set(this.#key, this.#owner, 'PX', GONE_AFTER_MS);
  }
}

function keyOf({ conversationId, answerId }: AnswerRef): string {
  return redisNames.heartbeat(conversationId, answerId);
}
