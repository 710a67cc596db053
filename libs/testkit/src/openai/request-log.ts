import type { ProviderRequest } from './provider-request.ts';

type Changeable<T> = { -readonly [K in keyof T]: T[K] };
type Outcome = 'holds' | 'late' | 'closed';

interface Waiter {
  check(): void;
  close(): void;
}

/** The latest requests of a provider, and who waits for something to become true of them. */
export class RequestLog {
  readonly #requests: Changeable<ProviderRequest>[] = [];
  readonly #waiters = new Set<Waiter>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get requests(): readonly ProviderRequest[] {
    return this.#requests;
  }

  add(request: ProviderRequest): void {
    this.#requests.push(request);
    if (this.#requests.length > this.#limit) this.#requests.shift();
    this.#changed();
  }

  update(request: ProviderRequest, change: Partial<Pick<ProviderRequest, 'state' | 'held'>>): void {
    Object.assign(request, change);
    this.#changed();
  }

  /** Rejects at the deadline, when the log closes, and with whatever `predicate` throws. */
  async waitFor(
    predicate: (requests: readonly ProviderRequest[]) => boolean,
    deadlineMs: number,
  ): Promise<void> {
    if (predicate(this.#requests)) return;
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
    const waiter: Waiter = {
      check: () => {
        try {
          if (predicate(this.#requests)) resolve('holds');
        } catch (error) {
          reject(error);
        }
      },
      close: () => resolve('closed'),
    };
    const timer = setTimeout(() => resolve('late'), deadlineMs);
    this.#waiters.add(waiter);
    try {
      const outcome = await promise;
      if (outcome !== 'holds') throw new Error(this.#explain(outcome, deadlineMs));
    } finally {
      clearTimeout(timer);
      this.#waiters.delete(waiter);
    }
  }

  close(): void {
    for (const waiter of this.#waiters) waiter.close();
  }

  #changed(): void {
    for (const waiter of this.#waiters) waiter.check();
  }

  #explain(outcome: Outcome, deadlineMs: number): string {
    const when = outcome === 'closed' ? 'before the provider was stopped' : `within ${deadlineMs} ms`;
    const seen = this.#requests.map(
      ({ id, api, state, held, prompt }) =>
        `\n  ${id} ${api} ${held ? 'held' : state} ${JSON.stringify(prompt.slice(0, 60))}`,
    );
    return `The condition on the provider's requests did not hold ${when}; it saw ${seen.length}.${seen.join('')}`;
  }
}
