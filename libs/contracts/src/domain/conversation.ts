import { z } from 'zod';
import { versioned } from '../wire/versioned.ts';
import { conversationIdSchema } from './ids.ts';

/** Who answers: the AI, or a person who has taken over. */
export const conversationModeSchema = z.enum(['ai', 'human']);
export type ConversationMode = z.infer<typeof conversationModeSchema>;

/** Characters of the first user message that become the title. */
const TITLE_CHARS = 50;
/** Characters of the newest message that a list of conversations shows. */
const PREVIEW_CHARS = 200;

export const conversationRecord = versioned({
  id: conversationIdSchema,
  /** Empty until the first user message. */
  title: z.string(),
  mode: conversationModeSchema,
  /** The visitor who owns it; absent in open mode. */
  visitorId: z.string().max(128).optional(),
  userAgent: z.string().max(1000).optional(),
  ipAddress: z.string().max(100).optional(),
  /** The newest message's text, cut to a preview; absent while there is none. */
  lastMessage: z.string().optional(),
  /** ISO-8601. */
  createdAt: z.string(),
  updatedAt: z.string(),
});

/** One thread between a visitor and the AI or an admin. The support API's "session". */
export type Conversation = z.infer<typeof conversationRecord.write>;

/** @returns the title that a conversation gets from its first user message. */
export function titleFrom(content: string): string {
  return cut(content, TITLE_CHARS, '...');
}

/** @returns what a list of conversations shows of a message. */
export function previewOf(content: string): string {
  return cut(content, PREVIEW_CHARS, '…');
}

function cut(text: string, length: number, mark: string): string {
  if (text.length <= length) return text;
  // Half a surrogate pair is no text: drop it rather than store it.
  return text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '') + mark;
}
