import type { CarefulStorage } from '../storage/careful-storage.ts';

/** More than an outbox holds; whoever has loaded one of those before has sent it long ago. */
const MAX_REMEMBERED = 100;

/**
 * Messages that were given up, for the other tabs, which may have loaded them. That one is missing in the storage says
 * nothing: a storage may be full, or emptied, and a message must not be lost for that.
 */
export class DiscardedMessages {
  readonly #storage: CarefulStorage;
  readonly #key: string;

  constructor(storage: CarefulStorage, key: string) {
    this.#storage = storage;
    this.#key = key;
  }

  async add(id: string): Promise<void> {
    await this.#storage.change(this.#key, held => [...parse(held), id].slice(-MAX_REMEMBERED).join(' '));
  }

  async has(id: string): Promise<boolean> {
    return parse(await this.#storage.read(this.#key)).includes(id);
  }
}

/** Ids contain no spaces. */
function parse(stored: string | undefined): string[] {
  return stored?.split(' ') ?? [];
}
