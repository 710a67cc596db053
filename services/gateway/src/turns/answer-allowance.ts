import { ParleyError, tooManyOpenAnswers } from '@parley/contracts';
import type { HistoryClient, TokenBudget } from '@parley/platform';
import type { Asker, OpenAnswers, Place, Question } from './open-answers.ts';
import type { QueueDepth } from './queue-depth.ts';

/** Of a full queue. */
const FULL_RETRY_AFTER_MS = 5_000;
const NO_PLACE: Place = { rank: 0, keepFor: () => undefined, giveBack: () => undefined };

/** What an answer is wanted for. */
interface Wish extends Question {
  /** The answer that is wanted once more; absent for a message. */
  readonly answerId?: string;
}

type Reason = 'queue' | 'budget' | 'open answers';

export interface AllowanceDependencies {
  readonly history: Pick<HistoryClient, 'call'>;
  readonly openAnswers: Pick<OpenAnswers, 'take'>;
  readonly depth: Pick<QueueDepth, 'isFull'>;
  /** Undefined: no bound. */
  readonly budget: Pick<TokenBudget, 'spentForMs'> | undefined;
  /** Called for every answer that is refused. */
  readonly onRefused: (because: Reason) => void;
}

/** Whether somebody may ask the AI for one more answer. */
export class AnswerAllowance {
  readonly #deps: AllowanceDependencies;

  constructor(deps: AllowanceDependencies) {
    this.#deps = deps;
  }

  /**
   * Beyond the limits, who needs no new answer is let through without a place: a person answers, or this is a repeat of what is
   * stored already.
   *
   * @throws ParleyError BUSY, BUDGET_SPENT, RATE_LIMIT_EXCEEDED, HISTORY_UNAVAILABLE; nothing is to be undone then.
   */
  async take(asker: Asker, wish: Wish): Promise<Place> {
    const { depth, budget, openAnswers } = this.#deps;
    // Where too much is asked already, a refusal must cost nothing: nobody finds out whether this is a repeat.
    if (depth.isFull)
      throw this.#refused('queue', new ParleyError('BUSY', { retryAfterMs: FULL_RETRY_AFTER_MS }));
    // At once: a Redis that hangs costs one timeout and not two.
    const [spentForMs = 0, place] = await Promise.all([budget?.spentForMs(), openAnswers.take(asker, wish)]);
    if (place && spentForMs === 0) return place;
    place?.giveBack();
    // Asked last, so that it costs those nothing who are within their limits.
    if (!(await this.#needsAnswer(wish))) return NO_PLACE;
    if (spentForMs > 0)
      throw this.#refused('budget', new ParleyError('BUDGET_SPENT', { retryAfterMs: spentForMs }));
    throw this.#refused('open answers', tooManyOpenAnswers());
  }

  #refused(because: Reason, error: ParleyError): ParleyError {
    this.#deps.onRefused(because);
    return error;
  }

  async #needsAnswer({ conversationId, clientMessageId, answerId }: Wish): Promise<boolean> {
    try {
      const question = { conversationId, clientMessageId, answerId };
      return (await this.#deps.history.call('needsAnswer', question)).needed;
    } catch (error) {
      // A history that is older than this call: the refusal stands.
      if (error instanceof ParleyError && error.status === 404) return true;
      throw error;
    }
  }
}
