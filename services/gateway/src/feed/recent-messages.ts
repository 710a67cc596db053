import { isClosed, type Message, type MessageStatus } from '@parley/contracts';
import type { HistoryClient } from '@parley/platform';

/** How far back is looked for what was missed; native clients, which can ask for more, resume by themselves. */
const WINDOW = 20;
const REMEMBERED = 100;

/** Which of a conversation's newest messages have been told, so that what was missed can be, and nothing is told twice. */
export class RecentMessages {
  readonly #conversationId: string;
  readonly #history: HistoryClient;
  readonly #told = new Map<string, MessageStatus>();
  #isRecalled = false;

  constructor(conversationId: string, history: HistoryClient) {
    this.#conversationId = conversationId;
    this.#history = history;
  }

  has(messageId: string): boolean {
    return this.#told.has(messageId);
  }

  /** True for a message, or a new status of one, that has not been told; it counts as told from now on. */
  isNews({ id, status }: Message): boolean {
    if (this.#told.get(id) === status) return false;
    this.#told.set(id, status);
    for (const oldest of this.#told.keys()) {
      if (this.#told.size <= REMEMBERED) break;
      this.#told.delete(oldest);
    }
    return true;
  }

  /** What is there when somebody begins to follow is known to them. */
  async recall(): Promise<void> {
    for (const message of await this.#ended()) this.isNews(message);
    this.#isRecalled = true;
  }

  /** What has been stored and not told yet, oldest first. */
  async missed(): Promise<Message[]> {
    if (!this.#isRecalled) await this.recall();
    return (await this.#ended()).filter(({ id, status }) => this.#told.get(id) !== status);
  }

  get isEmpty(): boolean {
    return this.#told.size === 0;
  }

  async #ended(): Promise<Message[]> {
    const request = { conversationId: this.#conversationId, limit: WINDOW };
    const { messages } = await this.#history.call('listMessages', request);
    return messages.filter(({ status }) => isClosed(status));
  }
}
