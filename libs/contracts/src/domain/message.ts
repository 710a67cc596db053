import { z } from 'zod';
import { versioned } from '../wire/versioned.ts';
import { clientMessageIdSchema, conversationIdSchema, messageIdSchema } from './ids.ts';

/** Who wrote a message. `system` is for notices such as "Ana joined". */
export const messageRoleSchema = z.enum(['user', 'assistant', 'admin', 'system']);
export type MessageRole = z.infer<typeof messageRoleSchema>;

/** States in which an answer may still change. */
export const OPEN_ANSWER_STATUSES = ['pending', 'streaming'] as const;
/** States in which an answer has ended for good. */
export const CLOSED_ANSWER_STATUSES = ['complete', 'stopped', 'failed', 'interrupted', 'superseded'] as const;

export const messageStatusSchema = z.enum([...OPEN_ANSWER_STATUSES, ...CLOSED_ANSWER_STATUSES]);
/** An answer's state; messages of people are always `complete`. */
export type MessageStatus = z.infer<typeof messageStatusSchema>;

export const closedAnswerStatusSchema = z.enum(CLOSED_ANSWER_STATUSES);
export type ClosedAnswerStatus = z.infer<typeof closedAnswerStatusSchema>;

/** Tokens that the provider charged for one answer. */
export const usageSchema = z.looseObject({
  inputTokens: z.number().int().nonnegative(),
  outputTokens: z.number().int().nonnegative(),
});
export type Usage = z.infer<typeof usageSchema>;

export const messageRecord = versioned({
  id: messageIdSchema,
  conversationId: conversationIdSchema,
  /** Order within the conversation, given by history. Gaps are allowed. */
  seq: z.number().int().positive(),
  role: messageRoleSchema,
  content: z.string(),
  status: messageStatusSchema,
  /** ISO-8601. */
  createdAt: z.string(),
  updatedAt: z.string(),
  /** People's messages: the key it was sent with. */
  clientMessageId: clientMessageIdSchema.optional(),
  /** Answers: the user message that asked. */
  replyTo: messageIdSchema.optional(),
  /** Answers: the attempt whose text this is. */
  epoch: z.number().int().nonnegative().optional(),
  usage: usageSchema.optional(),
});

/** One message of a conversation as history tells it. */
export type Message = z.infer<typeof messageRecord.write>;

/** True once an answer can no longer change (always true of people's messages). */
export function isClosed(status: MessageStatus): status is ClosedAnswerStatus {
  return status !== 'pending' && status !== 'streaming';
}
