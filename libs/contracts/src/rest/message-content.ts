import { z } from 'zod';
import { ERRORS } from '../errors.ts';

/** The longest message that the wire allows, UTF-16 code units; deployments set their own limit below it. */
export const MAX_MESSAGE_CHARS = 1_000_000;

/**
 * A person's message: text with something in it besides white space.
 *
 * @param maxChars the deployment's limit, UTF-16 code units.
 */
export function messageContentSchema(maxChars: number) {
  return z
    .string({ error: issue => (issue.input === undefined ? 'is required' : 'must be a string') })
    .max(maxChars, { error: ERRORS.MESSAGE_TOO_LONG.message })
    .refine(text => text.trim() !== '', { error: 'is required' });
}
