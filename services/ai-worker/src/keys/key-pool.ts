import { redisNames } from '@parley/contracts';
import { luaScript, type LuaScript } from '@parley/platform';
import type { Redis } from 'ioredis';
import type { ProviderKey } from './provider-key.ts';

/** Why nobody uses a key for a while: its account cannot pay or may not, or it has to slow down. */
export type BenchReason = 'refused' | 'rate-limited';

/** Between a first strike and the longest bench, each is twice as long as the one before. */
const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;
/** Strikes are forgotten so long after a bench, unless the key answers before. */
const FORGOTTEN_MS = 60_000;

/**
 * KEYS: bench, strikes. ARGV: the first bench, the longest, how long strikes are remembered. Returns how long the key is benched.
 * One that is already keeps its bench: those who asked at the same time with it are told to wait, too.
 */
const STRIKE = `
local left = redis.call('PTTL', KEYS[1])
if left > 0 then return left end
local strikes = redis.call('INCR', KEYS[2])
local ms = math.min(tonumber(ARGV[1]) * 2 ^ (strikes - 1), tonumber(ARGV[2]))
redis.call('SET', KEYS[1], 'rate-limited', 'PX', ms)
redis.call('PEXPIRE', KEYS[2], ms + tonumber(ARGV[3]))
return ms
`;

/**
 * The provider's keys in order of preference, and which of them are benched. Benches live in Redis, so that all workers
 * respect them; each question looks there again, so that none outlives what Redis knows.
 */
export class KeyPool {
  readonly #keys: readonly ProviderKey[];
  readonly #redis: Redis;
  readonly #strike: LuaScript;
  /** Keys that had strikes when they were picked last. */
  readonly #struck = new Set<ProviderKey>();

  /** @param redis a connection of role `jobs`. */
  constructor(keys: readonly ProviderKey[], redis: Redis) {
    this.#keys = keys;
    this.#redis = redis;
    this.#strike = luaScript(redis, 'parleyKeyStrike', STRIKE);
  }

  /** The best key that is neither benched nor among those tried; undefined if there is none. */
  async pick(tried: ReadonlySet<ProviderKey>): Promise<ProviderKey | undefined> {
    for (const key of this.#keys.filter(each => !tried.has(each))) {
      const { benchedKey, keyStrikes } = redisNames;
      const [reason, strikes] = await this.#redis.mget(
        benchedKey(key.fingerprint),
        keyStrikes(key.fingerprint),
      );
      if (reason !== null) continue;
      if (strikes !== null) this.#struck.add(key);
      return key;
    }
    return undefined;
  }

  /** @param ms how long no worker uses the key. */
  async bench(key: ProviderKey, reason: BenchReason, ms: number): Promise<void> {
    await this.#redis.set(redisNames.benchedKey(key.fingerprint), reason, 'PX', ms);
  }

  /** Benches a key that has to wait nobody knows how long: each time in a row for longer. @returns milliseconds. */
  async strike({ fingerprint }: ProviderKey): Promise<number> {
    const keys = [redisNames.benchedKey(fingerprint), redisNames.keyStrikes(fingerprint)];
    return Number(await this.#strike(keys, [FIRST_MS, LONGEST_MS, FORGOTTEN_MS]));
  }

  /** The key answers: its strikes are forgotten, soon. */
  forgive(key: ProviderKey): void {
    if (this.#struck.delete(key))
      this.#redis.del(redisNames.keyStrikes(key.fingerprint)).catch(() => undefined);
  }

  /** Milliseconds until a key may be used, 0 if one may now; undefined if waiting does not help. */
  async readyInMs(): Promise<number | undefined> {
    const waits = await Promise.all(this.#keys.map(key => this.#waitOf(key)));
    const useful = waits.filter(wait => wait !== undefined);
    return useful.length === 0 ? undefined : Math.min(...useful);
  }

  async #waitOf(key: ProviderKey): Promise<number | undefined> {
    const reason = await this.#reasonOf(key);
    if (reason === null) return 0;
    if (reason === 'refused') return undefined;
    return Math.max(await this.#redis.pttl(redisNames.benchedKey(key.fingerprint)), 0);
  }

  async #reasonOf(key: ProviderKey): Promise<string | null> {
    return this.#redis.get(redisNames.benchedKey(key.fingerprint));
  }
}
