import { z } from 'zod';
import { conversationIdSchema, messageIdSchema } from '../domain/ids.ts';
import { closedAnswerStatusSchema, usageSchema } from '../domain/message.ts';
import { versioned } from '../wire/versioned.ts';

/** Queue `history`: an answer has ended; store it. Only the newest epoch is believed. */
export const historyJob = versioned({
  type: z.literal('answer.finished'),
  answerId: messageIdSchema,
  conversationId: conversationIdSchema,
  epoch: z.number().int().positive(),
  status: closedAnswerStatusSchema,
  text: z.string(),
  usage: usageSchema.optional(),
});
export type HistoryJob = z.infer<typeof historyJob.write>;
