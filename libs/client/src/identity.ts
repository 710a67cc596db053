import type { CarefulStorage } from './storage/careful-storage.ts';

const TOKEN = 'token';
const CONVERSATION = 'conversation';

/** Who this client is to the server, and in which conversation; remembered for the next page unless it was given. */
export class Identity {
  readonly #storage: CarefulStorage;
  readonly #given: { readonly token: boolean; readonly conversationId: boolean };
  #token: string | undefined;
  #conversationId: string | undefined;

  constructor(storage: CarefulStorage, token: string | undefined, conversationId: string | undefined) {
    this.#storage = storage;
    this.#given = { token: token !== undefined, conversationId: conversationId !== undefined };
    this.#token = token;
    this.#conversationId = conversationId;
  }

  get token(): string | undefined {
    return this.#token;
  }

  /** Absent until the server has named it. */
  get conversationId(): string | undefined {
    return this.#conversationId;
  }

  async load(): Promise<void> {
    this.#token ??= await this.#storage.read(TOKEN);
    this.#conversationId ??= await this.#storage.read(CONVERSATION);
  }

  /** The server has said who we are. A given token stays: an admin must not become a visitor. */
  learn({ token, conversationId }: { readonly token: string; readonly conversationId: string }): void {
    if (!this.#given.token && token !== this.#token) {
      this.#token = token;
      void this.#storage.write(TOKEN, token);
    }
    if (conversationId === this.#conversationId) return;
    this.#conversationId = conversationId;
    if (!this.#given.conversationId) void this.#storage.write(CONVERSATION, conversationId);
  }
}
