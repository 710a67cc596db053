import type { TokenBudget } from '@parley/platform';
import { tokensOf } from '../context/tokens-of.ts';
import { ProviderError, type ProviderErrorKind } from '../providers/provider-error.ts';
import type { AnswerEnd, OnText, Provider, ProviderRequest } from '../providers/provider.ts';
import { BudgetSpent } from './budget-spent.ts';

/** What a provider refuses in these ways before it has said anything, it does not charge for; what we break off, it does. */
const FREE = new Set<ProviderErrorKind>(['unavailable', 'rejected', 'refused-key', 'rate-limited']);

/** Asks another provider as long as the day's budget lasts, and counts what each call uses, however it ends. */
export class BudgetedProvider implements Provider {
  readonly #provider: Provider;
  readonly #budget: TokenBudget;

  constructor(provider: Provider, budget: TokenBudget) {
    this.#provider = provider;
    this.#budget = budget;
  }

  /** @throws ProviderError; BudgetSpent if the provider must not be asked. */
  async stream(request: ProviderRequest, onText: OnText): Promise<AnswerEnd> {
    const prompt = request.messages.reduce((sum, { content }) => sum + tokensOf(content), 0);
    const settle = await this.#budget.take(prompt);
    if (!settle) throw new BudgetSpent();
    let text = '';
    let used: number | undefined;
    try {
      const end = await this.#provider.stream(request, piece => {
        text += piece;
        return onText(piece);
      });
      if (end.usage) used = end.usage.inputTokens + end.usage.outputTokens;
      return end;
    } catch (error) {
      const isRefused = error instanceof ProviderError && FREE.has(error.kind);
      if (isRefused && text === '' && !request.signal.aborted) used = 0;
      throw error;
    } finally {
      // Not awaited: the answer must not wait for a Redis that is away. It is on its way before the answer's end is.
      void settle(used ?? prompt + tokensOf(text)).catch(() => undefined);
    }
  }

  async readyInMs(): Promise<number> {
    return this.#provider.readyInMs();
  }
}
