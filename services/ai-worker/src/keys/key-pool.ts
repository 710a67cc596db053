import { redisNames } from '@parley/contracts';
import type { Redis } from 'ioredis';
import type { ProviderKey } from './provider-key.ts';

/** Why nobody uses a key for a while: its account cannot pay or may not, or it has to slow down. */
export type BenchReason = 'refused' | 'rate-limited';

/**
 * The provider's keys in order of preference, and which of them are benched. Benches live in Redis, so that all workers
 * respect them; each question looks there again, so that none outlives what Redis knows.
 */
export class KeyPool {
  readonly #keys: readonly ProviderKey[];
  readonly #redis: Redis;

  /** @param redis a connection of role `jobs`. */
  constructor(keys: readonly ProviderKey[], redis: Redis) {
    this.#keys = keys;
    this.#redis = redis;
  }

  /** The best key that is neither benched nor among those tried; undefined if there is none. */
  async pick(tried: ReadonlySet<ProviderKey>): Promise<ProviderKey | undefined> {
    for (const key of this.#keys) {
      if (!tried.has(key) && (await this.#reasonOf(key)) === null) return key;
    }
    return undefined;
  }

  /** @param ms how long no worker uses the key. */
  async bench(key: ProviderKey, reason: BenchReason, ms: number): Promise<void> {
    await this.#redis.set(redisNames.benchedKey(key.fingerprint), reason, 'PX', ms);
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
