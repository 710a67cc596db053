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

  /**
   * The server has said who we are. A given token stays: an admin must not become a visitor.
   *
   * @returns false if another page was told first: then we are who it is, and must connect again.
   */
  async learn(told: { readonly token: string; readonly conversationId: string }): Promise<boolean> {
    const isFirst = this.#token === undefined;
    const before = this.#conversationId;
    this.#conversationId = told.conversationId;
    if (!this.#given.token) {
      this.#token = told.token;
      // Every resume renews a visitor's token; only the first one can make another visitor.
      if (isFirst) this.#token = await this.#claim(TOKEN, told.token, undefined);
      else await this.#storage.write(TOKEN, told.token);
    }
    if (!this.#given.conversationId && told.conversationId !== before) {
      this.#conversationId = await this.#claim(CONVERSATION, told.conversationId, before);
    }
    return this.#conversationId === told.conversationId && (!isFirst || this.#token === told.token);
  }

  /** Remembers the value, unless another page has remembered one since `before` was. @returns what is remembered. */
  async #claim(key: string, value: string, before: string | undefined): Promise<string> {
    let remembered = value;
    await this.#storage.change(key, held => {
      if (held !== undefined && held !== before) remembered = held;
      return remembered;
    });
    return remembered;
  }
}
