import { z } from 'zod';
import { conversationIdSchema } from '../domain/ids.ts';
import { MAX_MESSAGE_CHARS, messageContentSchema } from '../rest/message-content.ts';
import type { EventCatalog } from './catalog.ts';

const done = z.object({ ok: z.literal(true) });
const inConversation = z.object({ conversationId: conversationIdSchema });

/** Dialect `stream`, client to server. */
export const streamClientEvents = {
  join_conversation: { payload: inConversation, ack: done },
  leave_conversation: { payload: inConversation, ack: done },
  stream_chat: {
    payload: z.object({
      message: messageContentSchema(MAX_MESSAGE_CHARS),
      conversationId: conversationIdSchema,
    }),
    /** Sent when the message is stored. */
    ack: z.object({ ok: z.literal(true), messageId: z.string(), conversationId: z.string() }),
  },
} as const satisfies EventCatalog;

/** Dialect `stream`, server to client. `content` is the text so far, never a piece. */
export const streamServerEvents = {
  stream_start: { payload: z.object({ messageId: z.string(), conversationId: z.string() }) },
  stream_chunk: {
    payload: z.object({ messageId: z.string(), content: z.string(), isComplete: z.boolean() }),
  },
  /** The answer is stored. */
  stream_complete: { payload: z.object({ messageId: z.string(), conversationId: z.string() }) },
} as const satisfies EventCatalog;
