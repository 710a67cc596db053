import { BudgetSpent } from '../budget/budget-spent.ts';
import type { PumpResult } from './pump.ts';

/** The text of an answer that failed before it had any. Clients of the original APIs know this sentence. */
export const APOLOGY =
  'I apologize, but I encountered an error while processing your request. Please try again.';
const SPENT_APOLOGY = "I apologize, but today's answers are used up. Please ask again tomorrow.";

/** What is said in place of an answer whose run came to nothing. */
export function apologyFor(result: PumpResult): string {
  return result.reason === 'failed' && result.error instanceof BudgetSpent ? SPENT_APOLOGY : APOLOGY;
}
