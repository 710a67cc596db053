import type { Message } from '@parley/contracts';
import type { AnswerQueue, HistoryClient } from '@parley/platform';

/** Ends answers and asks for them once more, whichever worker they are on. */
export class AnswerControl {
  readonly #history: HistoryClient;
  readonly #answers: AnswerQueue;

  constructor(history: HistoryClient, answers: AnswerQueue) {
    this.#history = history;
    this.#answers = answers;
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
   * @throws ParleyError ANSWER_NOT_FOUND; ANSWER_IN_PROGRESS while it is produced.
   */
  async retry(conversationId: string, answerId: string, clientMessageId: string): Promise<Message> {
    const request = { conversationId, answerId, clientMessageId };
    const { answer, enqueue } = await this.#history.call('retryAnswer', request);
    // If Redis is away, history's sweeper queues it.
    if (enqueue) await this.#answers.add({ conversationId, answerId: answer.id }).catch(() => undefined);
    return answer;
  }
}
