import { isClosed, type Message, type MessageStatus } from '@parley/contracts';
import type { HistoryClient } from '@parley/platform';

/** Messages in one reading. */
const PAGE = 20;
/** How far back is looked for what was missed, and how many are remembered as told. */
const REACH = 100;

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
    for (const message of ended(await this.#page())) this.isNews(message);
    this.#isRecalled = true;
  }

  /** What has been stored and not told yet, oldest first; of very much, the newest. */
  async missed(): Promise<Message[]> {
    if (!this.#isRecalled) await this.recall();
    const messages: Message[] = [];
    while (messages.length < REACH) {
      const page = await this.#page(messages[0]?.seq);
      messages.unshift(...page);
      // What is older than a told one was told before it; newer ones may have been heard while the rest was missed.
      const oldest = ended(page)[0];
      if (page.length < PAGE || (oldest && this.#isTold(oldest))) break;
    }
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

  async #page(beforeSeq?: number): Promise<Message[]> {
    const range = { conversationId: this.#conversationId, limit: PAGE, beforeSeq };
    return (await this.#history.call('listMessages', range)).messages;
  }
}

function ended(messages: readonly Message[]): Message[] {
  return messages.filter(({ status }) => isClosed(status));
}
