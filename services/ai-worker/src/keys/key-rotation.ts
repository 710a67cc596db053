import { ProviderError } from '../providers/provider-error.ts';
import type { AnswerEnd, OnText, Provider, ProviderRequest } from '../providers/provider.ts';
import type { BenchReason, KeyPool } from './key-pool.ts';
import type { KeyedProvider } from './keyed-provider.ts';
import type { ProviderKey } from './provider-key.ts';

/** An account without money or rights rarely gets them back sooner. */
const REFUSED_MS = 10 * 60_000;
/** For benches that Redis has just lost. */
const RATE_LIMITED_MS = 1_000;

export type OnBench = (key: ProviderKey, reason: BenchReason, ms: number) => void;

/** Asks with the best key there is; one that is refused is benched for all workers, and the next is asked at once. */
export class KeyRotation implements Provider {
  readonly #pool: KeyPool;
  readonly #provider: KeyedProvider;
  readonly #onBench: OnBench;

  constructor(pool: KeyPool, provider: KeyedProvider, onBench: OnBench) {
    this.#pool = pool;
    this.#provider = provider;
    this.#onBench = onBench;
  }

  /**
   * @throws ProviderError `rate-limited` if all keys have to wait, `refused-key` if waiting does not help.
   */
  async stream(request: ProviderRequest, onText: OnText): Promise<AnswerEnd> {
    const tried = new Set<ProviderKey>();
    let pieces = 0;
    for (let key = await this.#pool.pick(tried); key; key = await this.#pool.pick(tried)) {
      tried.add(key);
      const take: OnText = text => {
        pieces += 1;
        if (pieces === 1) this.#pool.forgive(key);
        return onText(text);
      };
      try {
        return await this.#provider.stream(request, key, take);
      } catch (error) {
        const benched = await this.#benchFor(key, error);
        // Another key would start the text anew, behind what has been shown.
        if (!benched || pieces > 0) throw error;
      }
    }
    throw await this.#noKeyLeft();
  }

  async readyInMs(): Promise<number> {
    // With every key refused there is nothing to wait for: the question fails, and says so.
    return (await this.#pool.readyInMs()) ?? 0;
  }

  async #benchFor(key: ProviderKey, error: unknown): Promise<boolean> {
    if (!(error instanceof ProviderError)) return false;
    if (error.kind === 'refused-key') await this.#bench(key, 'refused', REFUSED_MS);
    else if (error.kind !== 'rate-limited') return false;
    else if (error.retryAfterMs > 0) await this.#bench(key, 'rate-limited', error.retryAfterMs);
    else this.#onBench(key, 'rate-limited', await this.#pool.strike(key));
    return true;
  }

  async #bench(key: ProviderKey, reason: BenchReason, ms: number): Promise<void> {
    await this.#pool.bench(key, reason, ms);
    this.#onBench(key, reason, ms);
  }

  async #noKeyLeft(): Promise<ProviderError> {
    const waitMs = await this.#pool.readyInMs();
    if (waitMs === undefined) return new ProviderError('refused-key', 'every key is refused');
    return new ProviderError('rate-limited', 'every key has to wait', {
      retryAfterMs: waitMs || RATE_LIMITED_MS,
    });
  }
}
