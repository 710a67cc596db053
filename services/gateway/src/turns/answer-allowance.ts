import { ParleyError } from '@parley/contracts';
import type { HistoryClient, TokenBudget } from '@parley/platform';
import type { Asker, OpenAnswers, Place, Question } from './open-answers.ts';
import type { QueueDepth } from './queue-depth.ts';

/** More than may wait for their answers in a conversation, whoever is at the limit. */
const NEWEST_MESSAGES = 100;
const FULL_RETRY_AFTER_MS = 5_000;
const NO_PLACE: Place = { keepFor: () => undefined, free: () => undefined };

export interface AllowanceDependencies {
  readonly history: Pick<HistoryClient, 'call'>;
  readonly openAnswers: OpenAnswers;
  readonly depth: Pick<QueueDepth, 'isFull'>;
  /** Undefined: no bound. */
  readonly budget: TokenBudget | undefined;
  /** Called for every answer that is refused. */
  readonly onRefused: (because: 'queue' | 'budget' | 'open answers') => void;
}

/** Whether somebody may ask the AI for one more answer. */
export class AnswerAllowance {
  readonly #deps: AllowanceDependencies;

  constructor(deps: AllowanceDependencies) {
    this.#deps = deps;
  }

  /** @throws ParleyError BUSY, BUDGET_SPENT, RATE_LIMIT_EXCEEDED; nothing is to be undone then. */
  async take(asker: Asker, question: Question): Promise<Place> {
    const { depth, budget, openAnswers, onRefused } = this.#deps;
    if (depth.isFull) {
      onRefused('queue');
      throw new ParleyError('BUSY', { retryAfterMs: FULL_RETRY_AFTER_MS });
    }
    const spentForMs = (await budget?.spentForMs()) ?? 0;
    if (spentForMs > 0) {
      onRefused('budget');
      throw new ParleyError('BUDGET_SPENT', { retryAfterMs: spentForMs });
    }
    return openAnswers.take(asker, question).catch((error: unknown) => {
      onRefused('open answers');
      throw error;
    });
  }

  /**
   * The same for a message, which may need no new answer: a person answers it, or it is stored already and is repeated.
   *
   * @throws ParleyError BUSY, BUDGET_SPENT, RATE_LIMIT_EXCEEDED, HISTORY_UNAVAILABLE
   */
  async takeForMessage(asker: Asker, question: Question): Promise<Place> {
    try {
      return await this.take(asker, question);
    } catch (error) {
      // Where too much is asked already, a refusal must cost nothing.
      if (error instanceof ParleyError && error.code === 'BUSY') throw error;
      // Asked last, so that it costs those nothing who are within their limits.
      if (await this.#needsNoAnswer(question)) return NO_PLACE;
      throw error;
    }
  }

  async #needsNoAnswer({ conversationId, clientMessageId }: Question): Promise<boolean> {
    const { history } = this.#deps;
    try {
      const { conversation } = await history.call('getConversation', { conversationId });
      if (conversation.mode === 'human') return true;
      const { messages } = await history.call('listMessages', { conversationId, limit: NEWEST_MESSAGES });
      return messages.some(message => message.clientMessageId === clientMessageId);
    } catch (error) {
      if (error instanceof ParleyError && error.status === 404) return false;
      throw error;
    }
  }
}
