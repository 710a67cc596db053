import { ParleyError, isClosed, type Message } from '@parley/contracts';
import type { HistoryClient } from '@parley/platform';
import type { FeedHub } from '../feed/feed-hub.ts';
import type { FeedListener } from '../feed/feed-listener.ts';

/** How often history is asked in case the frame that tells of the end was lost. */
const ASK_EVERY_MS = 3_000;

/** Lets a request wait until an answer is stored. */
export class AnswerWaits implements FeedListener {
  readonly #waits = new Map<string, Set<(message: Message) => void>>();

  /** Requests that wait. */
  get size(): number {
    return this.#waits.size;
  }

  answerStored(message: Message): void {
    for (const resolve of this.#waits.get(message.id) ?? []) resolve(message);
  }

  /**
   * Resolves with the stored answer.
   *
   * @throws ParleyError ANSWER_TIMEOUT after `waitMs`, CONVERSATION_NOT_FOUND if it is deleted meanwhile.
   */
  async wait(hub: FeedHub, history: HistoryClient, answer: Message, waitMs: number): Promise<Message> {
    await hub.acquire(answer.conversationId);
    const { promise, resolve, reject } = Promise.withResolvers<Message>();
    const ask = async (): Promise<void> => {
      const request = { conversationId: answer.conversationId, messageId: answer.id };
      const { message } = await history.call('getMessage', request);
      if (isClosed(message.status)) resolve(message);
    };
    const askAgain = setInterval(() => {
      ask().catch((error: unknown) => {
        if (ParleyError.from(error).status === 404) reject(new ParleyError('CONVERSATION_NOT_FOUND'));
      });
    }, ASK_EVERY_MS);
    const deadline = setTimeout(() => reject(new ParleyError('ANSWER_TIMEOUT')), waitMs);
    const waits = this.#waits.get(answer.id) ?? new Set();
    this.#waits.set(answer.id, waits.add(resolve));
    try {
      // It may have ended before anybody here listened.
      await ask();
      return await promise;
    } finally {
      clearInterval(askAgain);
      clearTimeout(deadline);
      waits.delete(resolve);
      if (waits.size === 0) this.#waits.delete(answer.id);
      hub.release(answer.conversationId);
    }
  }
}
