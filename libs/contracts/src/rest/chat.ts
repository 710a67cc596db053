import { z } from 'zod';
import { conversationIdSchema } from '../domain/ids.ts';
import { MAX_MESSAGE_CHARS, messageContentSchema } from './message-content.ts';

/** A message as the AI chat API shows it. */
export const chatMessageSchema = z.object({
  id: z.string(),
  content: z.string(),
  role: z.enum(['user', 'assistant', 'admin', 'system']),
  timestamp: z.string(),
  conversationId: z.string(),
});
export type ChatMessage = z.infer<typeof chatMessageSchema>;

/** A conversation as the AI chat API shows it; messages oldest first. */
export const chatConversationSchema = z.object({
  id: z.string(),
  title: z.string(),
  messages: z.array(chatMessageSchema),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type ChatConversation = z.infer<typeof chatConversationSchema>;

/** `POST /api/chat`. */
export const chatRequestSchema = z.object({
  message: messageContentSchema(MAX_MESSAGE_CHARS),
  conversationId: conversationIdSchema.optional(),
});
/** `message` is null only while a person answers instead of the AI. */
export const chatReplySchema = z.object({
  message: chatMessageSchema.nullable(),
  conversation: chatConversationSchema,
});
export type ChatReply = z.infer<typeof chatReplySchema>;

/** `GET /api/conversations`. */
export const listConversationsQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: z.string().max(300).optional(),
});
