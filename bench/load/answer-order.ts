import { z } from 'zod';

/** The answer that a prompt asks the scripted provider for. */
const answerOrderSchema = z.strictObject({
  tokens: z.int().positive(),
  /** Milliseconds between two tokens. */
  everyMs: z.number().nonnegative(),
  /**
   * - `stamps`: each token is the moment it is written.
   * - `words`: tokens as long as those of English text are on average, blank included.
   * - `key`: as `words`, but the first one names the API key that was used.
   */
  form: z.enum(['stamps', 'words', 'key']),
});
export type AnswerOrder = z.infer<typeof answerOrderSchema>;

export function toPrompt(order: AnswerOrder): string {
  return JSON.stringify(order);
}

/** @throws ZodError, or SyntaxError if it is no JSON. */
export function fromPrompt(prompt: string): AnswerOrder {
  return answerOrderSchema.parse(JSON.parse(prompt));
}
