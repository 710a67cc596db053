import { isClosed, type Message, type MessageStatus } from '@parley/contracts';
import type { HistoryClient } from '@parley/platform';
import { REACH, readBack } from '../conversations/read-back.ts';

/** Which of a conversation's newest messages have been told, so that what was missed can be, and nothing is told twice. */
export class RecentMessages {
  readonly #conversationId: string;
  readonly #history: Pick<HistoryClient, 'call'>;
  readonly #told = new Map<string, MessageStatus>();
  #isRecalled = false;

  constructor(conversationId: string, history: Pick<HistoryClient, 'call'>) {
    this.#conversationId = conversationId;
    this.#history = history;
  }

  has(messageId: string): boolean {
    return this.#told.has(messageId);
  }

  /** True for a message, or a new status of one, that has not been told; it counts as told from now on. */
  isNews(message: Message): boolean {
    if (this.#isTold(message)) return false;
    this.#told.set(message.id, message.status);
    for (const oldest of this.#told.keys()) {
      if (this.#told.size <= REACH) break;
      this.#told.delete(oldest);
    }
    return true;
  }

  /** What is there when somebody begins to follow is known to them. */
  async recall(): Promise<void> {
    for (const message of ended(await this.#readBack(() => true))) this.isNews(message);
    this.#isRecalled = true;
  }

  /** What has been stored and not told yet, oldest first; of very much, the newest. */
  async missed(): Promise<Message[]> {
    if (!this.#isRecalled) await this.recall();
    const messages = await this.#readBack(page => {
      // What is older than a told one was told before it; newer ones may have been heard while the rest was missed.
      const [oldest] = ended(page);
      return oldest !== undefined && this.#isTold(oldest);
    });
    return ended(messages).filter(message => !this.#isTold(message));
  }

  get isEmpty(): boolean {
    return this.#told.size === 0;
  }

  /** The conversation has been deleted. */
  forget(): void {
    this.#told.clear();
  }

  #isTold({ id, status }: Message): boolean {
    const told = this.#told.get(id);
    // It stays so; a frame that says otherwise has come late.
    return told === status || told === 'superseded';
  }

  #readBack(isEnough: (page: readonly Message[]) => boolean): Promise<Message[]> {
    return readBack(this.#history, this.#conversationId, isEnough);
  }
}

function ended(messages: readonly Message[]): Message[] {
  return messages.filter(({ status }) => isClosed(status));
}
