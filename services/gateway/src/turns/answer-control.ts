import type { Message } from '@parley/contracts';
import type { AnswerQueue, HistoryClient } from '@parley/platform';
import type { Origin } from '../access/caller.ts';
import type { AnswerAllowance } from './answer-allowance.ts';

export interface Retry {
  readonly conversationId: string;
  /** The answer that is wanted once more. */
  readonly answerId: string;
  readonly clientMessageId: string;
}

/** Who wants it. */
export interface RetryBy {
  readonly visitorId?: string | undefined;
  readonly from: Origin;
}

/** Ends answers and asks for them once more, whichever worker they are on. */
export class AnswerControl {
  readonly #history: HistoryClient;
  readonly #answers: AnswerQueue;
  readonly #allowance: AnswerAllowance;

  constructor(history: HistoryClient, answers: AnswerQueue, allowance: AnswerAllowance) {
    this.#history = history;
    this.#answers = answers;
    this.#allowance = allowance;
  }

  /**
   * When it resolves, no more text of the answer is published. What there is gets stored as `stopped`.
   *
   * @throws ParleyError ANSWER_NOT_FOUND
   */
  async stop(conversationId: string, answerId: string): Promise<void> {
    await this.#history.call('endAnswer', { conversationId, answerId, as: 'stopped' });
  }

  /**
   * @returns the new answer.
   * @throws ParleyError ANSWER_NOT_FOUND; ANSWER_IN_PROGRESS while it is produced; BUSY, BUDGET_SPENT,
   * RATE_LIMIT_EXCEEDED, HISTORY_UNAVAILABLE.
   */
  async retry({ conversationId, answerId, clientMessageId }: Retry, by: RetryBy): Promise<Message> {
    const asker = { visitorId: by.visitorId, ipAddress: by.from.ipAddress };
    const request = { conversationId, answerId, clientMessageId };
    const place = await this.#allowance.take(asker, request);
    try {
      const { answer, enqueue } = await this.#history.call('retryAnswer', request);
      place.keepFor(answer);
      // If Redis is away, history's sweeper queues it.
      const queued = { conversationId, answerId: answer.id };
      if (enqueue) await this.#answers.add(queued, place.rank).catch(() => undefined);
      return answer;
    } catch (error) {
      place.giveBack();
      throw error;
    }
  }
}
