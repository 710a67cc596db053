import { ProviderError } from '../providers/provider-error.ts';

/** The provider was not asked: the day's tokens are used up. Another run would fail the same way. */
export class BudgetSpent extends ProviderError {
  constructor() {
    super('rejected', 'the daily token budget is spent');
  }
}
