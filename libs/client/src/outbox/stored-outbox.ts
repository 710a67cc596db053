import type { CarefulStorage } from '../storage/careful-storage.ts';
import { DiscardedMessages } from './discarded-messages.ts';
import { parseOutgoing, type OutgoingMessage } from './outgoing-message.ts';

/** The outbox as a reload finds it. Tabs share it, so each change touches only its own message. */
export class StoredOutbox {
  readonly #storage: CarefulStorage;
  readonly #key: string;
  readonly #discarded: DiscardedMessages;

  constructor(storage: CarefulStorage, key: string) {
    this.#storage = storage;
    this.#key = key;
    this.#discarded = new DiscardedMessages(storage, `discarded:${key}`);
  }

  async read(): Promise<OutgoingMessage[]> {
    return parseOutgoing(await this.#storage.read(this.#key));
  }

  /** Adds the message, or replaces what is stored of it. */
  async put(message: OutgoingMessage): Promise<void> {
    await this.#change(entries => {
      const at = entries.findIndex(({ clientMessageId }) => clientMessageId === message.clientMessageId);
      return at === -1 ? [...entries, message] : entries.with(at, message);
    });
  }

  async remove(id: string): Promise<void> {
    await this.#change(entries => entries.filter(({ clientMessageId }) => clientMessageId !== id));
  }

  /** Removes a message for all tabs. */
  async discard(id: string): Promise<void> {
    await this.#discarded.add(id);
    await this.remove(id);
  }

  /** True if a tab has given the message up. */
  async isDiscarded(id: string): Promise<boolean> {
    return this.#discarded.has(id);
  }

  async #change(next: (entries: OutgoingMessage[]) => OutgoingMessage[]): Promise<void> {
    await this.#storage.change(this.#key, value => {
      const entries = next(parseOutgoing(value));
      return entries.length === 0 ? undefined : JSON.stringify(entries);
    });
  }
}
