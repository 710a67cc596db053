import type { CallReply } from './connection/native-calls.ts';
import type { SnapshotStore } from './snapshot-store.ts';

/** Loads what lies before the first message that is held, one page at a time. */
export class OlderPages {
  readonly #store: SnapshotStore;
  readonly #ask: (beforeSeq: number) => Promise<CallReply<'load-older'>>;
  #loading: Promise<void> | undefined;

  constructor(store: SnapshotStore, ask: (beforeSeq: number) => Promise<CallReply<'load-older'>>) {
    this.#store = store;
    this.#ask = ask;
  }

  /** Calls while one runs share it. */
  async load(): Promise<void> {
    this.#loading ??= this.#read().finally(() => {
      this.#loading = undefined;
    });
    await this.#loading;
  }

  async #read(): Promise<void> {
    for (;;) {
      const { firstSeq: beforeSeq, olderNews, hasOlder } = this.#store.transcript;
      if (!hasOlder) return;
      const payload = await this.#ask(beforeSeq);
      this.#store.apply({ type: 'older', payload, beforeSeq, olderNews });
      // Still the same: the page was out of date when it came.
      if (this.#store.transcript.firstSeq !== beforeSeq) return;
    }
  }
}
