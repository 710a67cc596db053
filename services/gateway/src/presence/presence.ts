import { redisNames } from '@parley/contracts';
import { luaScript, scoped, type Log, type LuaScript } from '@parley/platform';
import type { Redis } from 'ioredis';

const BEAT_MS = 2_000;
/** A killed gateway's sessions count as inactive after this. */
const GONE_AFTER_MS = 6_000;

/**
 * Adds a gateway to the list and drops those that are gone. By the time of Redis: gateways' clocks differ, and one that is
 * ahead would drop all the others.
 *
 * KEYS: list. ARGV: gateway id, milliseconds after which it is gone.
 */
const REGISTER = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
`;

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
  readonly #register: LuaScript;
  #timer: NodeJS.Timeout | undefined;

  /** @param onChange called when a conversation becomes active or inactive here. */
  constructor(redis: Redis, gatewayId: string, log: Log, onChange: () => void) {
    this.#redis = redis;
    this.#gatewayId = gatewayId;
    this.#log = scoped(log, { component: 'Presence', function: 'beat' });
    this.#onChange = onChange;
    this.#register = luaScript(redis, 'registerGateway', REGISTER);
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
    this.#quietly(this.#add(conversationId));
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
    // One that is listed although it has gone has no set any more.
    const gateways = await this.#redis.zrange(redisNames.gateways, 0, '-1');
    const answers = await Promise.all(
      gateways.map(id => this.#redis.smismember(redisNames.presence(id), ...conversationIds)),
    );
    return new Set(conversationIds.filter((_, index) => answers.some(found => found[index] === 1)));
  }

  get #key(): string {
    return redisNames.presence(this.#gatewayId);
  }

  async #beat(): Promise<void> {
    await this.#register([redisNames.gateways], [this.#gatewayId, GONE_AFTER_MS]);
    const kept = await this.#redis.pexpire(this.#key, GONE_AFTER_MS);
    // Redis has lost the set (or it was empty): write it again.
    if (kept === 0 && this.#sockets.size > 0) await this.#add(...this.#sockets.keys());
  }

  /** In one step: whoever is killed in between must not leave a set that stays for ever. */
  async #add(...conversationIds: string[]): Promise<void> {
    await this.#redis
      .multi()
      .sadd(this.#key, ...conversationIds)
      .pexpire(this.#key, GONE_AFTER_MS)
      .exec();
  }

  /** Presence is worth no error: the next beat makes it right. */
  #quietly(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#log.debug({ err: error }, 'presence not told'));
  }
}
