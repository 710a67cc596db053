import { z } from 'zod';
import { conversationIdSchema } from '../domain/ids.ts';
import { MAX_MESSAGE_CHARS, messageContentSchema } from './message-content.ts';

/** `POST /api/chat/session`. */
export const sessionRequestSchema = z.object({
  userAgent: z.string().max(1000).optional(),
  ipAddress: z.string().max(100).optional(),
  sessionId: conversationIdSchema.optional(),
});

export const sessionReplySchema = z.object({
  sessionId: z.string(),
  session: z.object({
    id: z.string(),
    userAgent: z.string(),
    ipAddress: z.string(),
    createdAt: z.string(),
    updatedAt: z.string(),
  }),
  token: z.string(),
});
export type SessionReply = z.infer<typeof sessionReplySchema>;

/** `POST /api/chat/message`. */
export const sessionMessageRequestSchema = z.object({
  sessionId: conversationIdSchema,
  content: messageContentSchema(MAX_MESSAGE_CHARS),
  sender: z.enum(['user', 'admin']),
});

/** A message as the support API shows it. */
export const supportMessageSchema = z.object({
  id: z.string(),
  sessionId: z.string(),
  content: z.string(),
  sender: z.enum(['user', 'ai', 'admin', 'system']),
  timestamp: z.string(),
  isAI: z.boolean(),
});
export type SupportMessage = z.infer<typeof supportMessageSchema>;
