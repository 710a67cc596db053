import { redisNames } from '@parley/contracts';
import { scoped, type Log } from '@parley/platform';
import type { Redis } from 'ioredis';

const BEAT_MS = 2_000;
/** A killed gateway's sessions count as inactive after this. */
const GONE_AFTER_MS = 6_000;

/**
 * Which conversations have a visitor's socket, on any gateway. Each gateway keeps a set of its own that disappears with it,
 * so nobody has to clean up after a crash and nobody asks other processes.
 */
export class Presence {
  readonly #redis: Redis;
  readonly #gatewayId: string;
  readonly #log: Log;
  readonly #onChange: () => void;
  readonly #sockets = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  /** @param onChange called when a conversation becomes active or inactive here. */
  constructor(redis: Redis, gatewayId: string, log: Log, onChange: () => void) {
    this.#redis = redis;
    this.#gatewayId = gatewayId;
    this.#log = scoped(log, { component: 'Presence', function: 'beat' });
    this.#onChange = onChange;
  }

  start(): void {
    this.#timer = setInterval(() => this.#quietly(this.#beat()), BEAT_MS);
    this.#quietly(this.#beat());
  }

  /** Other gateways see this one's sessions go at once. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#redis.status !== 'ready') return;
    await this.#redis.zrem(redisNames.gateways, this.#gatewayId);
    await this.#redis.del(this.#key);
  }

  entered(conversationId: string): void {
    const count = (this.#sockets.get(conversationId) ?? 0) + 1;
    this.#sockets.set(conversationId, count);
    if (count > 1) return;
    this.#quietly(this.#redis.sadd(this.#key, conversationId));
    this.#onChange();
  }

  left(conversationId: string): void {
    const count = (this.#sockets.get(conversationId) ?? 0) - 1;
    if (count > 0) {
      this.#sockets.set(conversationId, count);
      return;
    }
    this.#sockets.delete(conversationId);
    this.#quietly(this.#redis.srem(this.#key, conversationId));
    this.#onChange();
  }

  /** @returns those of the conversations that have a socket on any gateway. */
  async active(conversationIds: readonly string[]): Promise<Set<string>> {
    if (conversationIds.length === 0) return new Set();
    const gateways = await this.#redis.zrange(redisNames.gateways, Date.now(), '+inf', 'BYSCORE');
    const answers = await Promise.all(
      gateways.map(id => this.#redis.smismember(redisNames.presence(id), ...conversationIds)),
    );
    return new Set(conversationIds.filter((_, index) => answers.some(found => found[index] === 1)));
  }

  get #key(): string {
    return redisNames.presence(this.#gatewayId);
  }

  async #beat(): Promise<void> {
    const now = Date.now();
    await this.#redis.zadd(redisNames.gateways, now + GONE_AFTER_MS, this.#gatewayId);
    await this.#redis.zremrangebyscore(redisNames.gateways, '-inf', now - GONE_AFTER_MS);
    const kept = await this.#redis.pexpire(this.#key, GONE_AFTER_MS);
    // Redis has lost the set (or it was empty): write it again.
    if (kept === 0 && this.#sockets.size > 0) {
      await this.#redis.sadd(this.#key, ...this.#sockets.keys());
      await this.#redis.pexpire(this.#key, GONE_AFTER_MS);
    }
  }

  /** Presence is worth no error: the next beat makes it right. */
  #quietly(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#log.debug({ err: error }, 'presence not told'));
  }
}
