import { ParleyError, isClosed, type Message } from '@parley/contracts';
import type { HistoryClient } from '@parley/platform';
import type { FeedHub } from '../feed/feed-hub.ts';
import type { FeedListener } from '../feed/feed-listener.ts';

/** How often history is asked in case the frame that tells of the end was lost. */
const ASK_EVERY_MS = 3_000;
/** For whoever is sent away: by then nothing leads to this gateway any more. */
const ELSEWHERE_AFTER_MS = 1_000;

type Wait = PromiseWithResolvers<Message>;

/** Lets a request wait until an answer is stored. */
export class AnswerWaits implements FeedListener {
  readonly #waits = new Map<string, Set<Wait>>();
  #isOver = false;

  /** Answers that requests wait for. */
  get size(): number {
    return this.#waits.size;
  }

  answerStored(message: Message): void {
    for (const { resolve } of this.#waits.get(message.id) ?? []) resolve(message);
  }

  /** Nobody waits here any more, now or later: whoever repeats the request goes on waiting elsewhere. */
  end(): void {
    this.#isOver = true;
    for (const waits of this.#waits.values()) for (const wait of waits) sendAway(wait);
  }

  /**
   * Resolves with the stored answer.
   *
   * @throws ParleyError ANSWER_TIMEOUT after `waitMs` or at the `end`, CONVERSATION_NOT_FOUND if it is deleted meanwhile.
   */
  async wait(hub: FeedHub, history: HistoryClient, answer: Message, waitMs: number): Promise<Message> {
    await hub.acquire(answer.conversationId);
    const wait = Promise.withResolvers<Message>();
    const ask = (): void => void askHistory(history, answer, wait);
    const askAgain = setInterval(ask, ASK_EVERY_MS);
    const deadline = setTimeout(() => wait.reject(new ParleyError('ANSWER_TIMEOUT')), waitMs);
    const waits = this.#waits.get(answer.id) ?? new Set();
    this.#waits.set(answer.id, waits.add(wait));
    if (this.#isOver) sendAway(wait);
    try {
      // It may have ended before anybody here listened. Not awaited: history may hang longer than anybody waits.
      ask();
      return await wait.promise;
    } finally {
      clearInterval(askAgain);
      clearTimeout(deadline);
      waits.delete(wait);
      if (waits.size === 0) this.#waits.delete(answer.id);
      hub.release(answer.conversationId);
    }
  }
}

function sendAway({ reject }: Wait): void {
  reject(new ParleyError('ANSWER_TIMEOUT', { retryAfterMs: ELSEWHERE_AFTER_MS }));
}

/** Ends the wait if the answer has ended or is gone; a history that is away says nothing of either. */
async function askHistory(
  history: HistoryClient,
  { conversationId, id: messageId }: Message,
  { resolve, reject }: Wait,
): Promise<void> {
  try {
    const { message } = await history.call('getMessage', { conversationId, messageId });
    if (isClosed(message.status)) resolve(message);
  } catch (error) {
    if (ParleyError.from(error).status === 404) reject(new ParleyError('CONVERSATION_NOT_FOUND'));
  }
}
