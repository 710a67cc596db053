import type { ConversationStore } from '../store/conversation-store.ts';

const PING_EVERY_MS = 2_000;

/** Knows whether the database answers, because it asks all the time: a probe must not wait for a database that hangs. */
export class StoreHealth {
  readonly #store: Pick<ConversationStore, 'ping'>;
  #timer: NodeJS.Timeout | undefined;
  #isAsking = false;
  #isOk = true;

  constructor(store: Pick<ConversationStore, 'ping'>) {
    this.#store = store;
  }

  /** False if the last ping failed, or has found no answer until the next one was due. */
  get isOk(): boolean {
    return this.#isOk;
  }

  start(): void {
    this.#timer = setInterval(() => {
      if (this.#isAsking) this.#isOk = false;
      else void this.#ask();
    }, PING_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    try {
      await this.#store.ping();
      this.#isOk = true;
    } catch {
      this.#isOk = false;
    } finally {
      this.#isAsking = false;
    }
  }
}
