import { luaScript, type LuaScript } from '@parley/platform';
import type { Redis } from 'ioredis';

/** One of several groups that a member must have a place in. */
export interface Group {
  /** Key of a sorted set: member by the time (ms) at which its place is free again. */
  readonly key: string;
  readonly places: number;
}

/** By Redis's clock. Who has a place already keeps it, also in a group that is full. */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i, key in ipairs(KEYS) do
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  local isFull = redis.call('ZCARD', key) >= tonumber(ARGV[i + 2])
  if isFull and not redis.call('ZSCORE', key, ARGV[1]) then return 0 end
end
for _, key in ipairs(KEYS) do
  redis.call('ZADD', key, now + ARGV[2], ARGV[1])
  redis.call('PEXPIRE', key, ARGV[2])
end
return 1`;

/** Places that all gateways give out together. One that is not taken again in time is free: its gateway may have died. */
export class SharedPlaces {
  readonly #redis: Redis;
  readonly #take: LuaScript;
  readonly #leaseMs: number;

  constructor(redis: Redis, leaseMs: number) {
    this.#redis = redis;
    this.#take = luaScript(redis, 'parleyTakePlaces', TAKE);
    this.#leaseMs = leaseMs;
  }

  /** @returns false if a group is full; then the member has got a place in none. */
  async take(groups: readonly Group[], member: string): Promise<boolean> {
    const keys = groups.map(({ key }) => key);
    const places = groups.map(group => group.places);
    return (await this.#take(keys, [member, this.#leaseMs, ...places])) === 1;
  }

  async free(groups: readonly Group[], member: string): Promise<void> {
    await Promise.all(groups.map(({ key }) => this.#redis.zrem(key, member)));
  }
}
