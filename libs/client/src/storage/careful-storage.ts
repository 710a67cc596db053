import type { KeyValueStorage } from './key-value-storage.ts';

/** Keeps what is ours apart from what else the page stores. */
const PREFIX = 'parley:';

/**
 * A storage that fails (full, forbidden, damaged) costs what a reload would have kept, never the conversation. Calls run one
 * after the other, so that a change is never made to what another one is about to replace.
 */
export class CarefulStorage {
  readonly #storage: KeyValueStorage;
  #last: Promise<unknown> = Promise.resolve();

  constructor(storage: KeyValueStorage) {
    this.#storage = storage;
  }

  async read(key: string): Promise<string | undefined> {
    return this.#inTurn(async () => (await this.#storage.getItem(PREFIX + key)) ?? undefined);
  }

  async write(key: string, value: string): Promise<void> {
    await this.change(key, () => value);
  }

  /** Reads, changes and writes; `undefined` removes. Without a pause in between if the storage is a synchronous one. */
  async change(key: string, next: (value: string | undefined) => string | undefined): Promise<void> {
    const name = PREFIX + key;
    const put = (held: string | null): void | Promise<void> => {
      const value = next(held ?? undefined);
      return value === undefined ? this.#storage.removeItem(name) : this.#storage.setItem(name, value);
    };
    await this.#inTurn(async () => {
      const held = this.#storage.getItem(name);
      await (held instanceof Promise ? held.then(put) : put(held));
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T | undefined> {
    const result = this.#last.then(work).catch(() => undefined);
    this.#last = result;
    return result;
  }
}
