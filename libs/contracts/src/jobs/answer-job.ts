import type { z } from 'zod';
import { conversationIdSchema, messageIdSchema } from '../domain/ids.ts';
import { versioned } from '../wire/versioned.ts';

/** Queue `answers`: produce this answer. The job's id is the answer's id, so it is queued once. */
export const answerJob = versioned({
  answerId: messageIdSchema,
  conversationId: conversationIdSchema,
});
export type AnswerJob = z.infer<typeof answerJob.write>;
