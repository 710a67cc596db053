import { z } from 'zod';
import { conversationIdSchema, messageIdSchema } from '../domain/ids.ts';
import { versioned } from '../wire/versioned.ts';

/** Queue `answers`: produce this answer. The job's id is the answer's id, so it is queued once. */
export const answerJob = versioned({
  answerId: messageIdSchema,
  conversationId: conversationIdSchema,
  /** A claim of which nobody knows what became, and the one start of the job (BullMQ counts them) that makes it again. */
  unsettledClaim: z.object({ id: z.string(), start: z.number().int() }).optional(),
});
export type AnswerJob = z.infer<typeof answerJob.write>;
