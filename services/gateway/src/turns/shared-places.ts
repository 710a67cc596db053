import { luaScript, type LuaScript } from '@parley/platform';
import type { Redis } from 'ioredis';

/** One of several groups that a member must have a place in. */
export interface Group {
  /** Key of a sorted set: member by the time (ms) at which its place is free again. */
  readonly key: string;
  readonly places: number;
}

/**
 * By Redis's clock. Who has a place already keeps it, also in a group that is full. It is free a moment later than a new one
 * would be: so GIVE_BACK sees that it is not, or no longer, the caller's own. Returns when the places are free, and how many
 * others the first group has given out.
 */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local freeAt, known = now + ARGV[2], {}
for i, key in ipairs(KEYS) do
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  known[i] = redis.call('ZSCORE', key, ARGV[1])
  if not known[i] and redis.call('ZCARD', key) >= tonumber(ARGV[i + 2]) then return false end
end
for i, key in ipairs(KEYS) do
  redis.call('ZADD', key, known[i] and math.max(freeAt, known[i]) + 1 or freeAt, ARGV[1])
  redis.call('PEXPIRE', key, ARGV[2])
end
return { freeAt, redis.call('ZCARD', KEYS[1]) - 1 }`;

const GIVE_BACK = `
for _, key in ipairs(KEYS) do
  local freeAt = redis.call('ZSCORE', key, ARGV[1])
  if freeAt and tonumber(freeAt) == tonumber(ARGV[2]) then redis.call('ZREM', key, ARGV[1]) end
end`;

/** What one call of `take` has taken. */
export interface Taken {
  /** When the places are free again if nobody takes them once more, milliseconds since 1970. */
  readonly freeAt: number;
  /** Places of the first group that others have. */
  readonly others: number;
}

/** Places that all gateways give out together. One that is not renewed in time is free: its gateway may have died. */
export class SharedPlaces {
  readonly #redis: Redis;
  readonly #take: LuaScript;
  readonly #giveBack: LuaScript;
  readonly #leaseMs: number;

  constructor(redis: Redis, leaseMs: number) {
    this.#redis = redis;
    this.#take = luaScript(redis, 'parleyTakePlaces', TAKE);
    this.#giveBack = luaScript(redis, 'parleyGiveBackPlaces', GIVE_BACK);
    this.#leaseMs = leaseMs;
  }

  /** @returns undefined if a group is full; then the member has got a place in none. */
  async take(groups: readonly Group[], member: string): Promise<Taken | undefined> {
    const places = groups.map(group => group.places);
    const reply = (await this.#take(keysOf(groups), [member, this.#leaseMs, ...places])) as
      [freeAt: number, others: number] | null;
    return reply ? { freeAt: reply[0], others: reply[1] } : undefined;
  }

  /** Undoes a `take`, but for places that the member had before, and those that it has been given once more since. */
  async giveBack(groups: readonly Group[], member: string, { freeAt }: Taken): Promise<void> {
    await this.#giveBack(keysOf(groups), [member, freeAt]);
  }

  /** Also where a place has run out and its group is full by now. */
  async renew(groups: readonly Group[], member: string): Promise<void> {
    const unbounded = groups.map(({ key }) => ({ key, places: Number.MAX_SAFE_INTEGER }));
    await this.take(unbounded, member);
  }

  /** Whoever has taken it. */
  async free(groups: readonly Group[], member: string): Promise<void> {
    await Promise.all(keysOf(groups).map(key => this.#redis.zrem(key, member)));
  }
}

function keysOf(groups: readonly Group[]): string[] {
  return groups.map(({ key }) => key);
}
