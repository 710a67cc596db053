import { z } from 'zod';
import { conversationIdSchema } from '../domain/ids.ts';
import { MAX_MESSAGE_CHARS, messageContentSchema } from '../rest/message-content.ts';
import { supportMessageSchema } from '../rest/session.ts';
import type { EventCatalog } from './catalog.ts';

const done = z.object({ ok: z.literal(true) });
const said = z.object({ sessionId: conversationIdSchema, content: messageContentSchema(MAX_MESSAGE_CHARS) });
const stored = z.object({ ok: z.literal(true), message: supportMessageSchema });
const nothing = z.unknown().transform(() => undefined);

/** Dialect `support`, what a visitor says. */
export const supportVisitorEvents = {
  init_session: {
    payload: z.object({ sessionId: conversationIdSchema.nullish() }).nullish(),
    ack: z.object({ sessionId: z.string(), token: z.string() }),
  },
  user_message: { payload: said, ack: stored },
} as const satisfies EventCatalog;

/** Dialect `support`, what an admin says. */
export const supportAdminEvents = {
  'admin-connect': {
    payload: z.object({ token: z.string().max(1000).optional() }).nullish(),
    ack: done,
  },
  'get-sessions': { payload: nothing, ack: done },
  'get-messages': { payload: z.object({ sessionId: conversationIdSchema }), ack: done },
  admin_message: { payload: said, ack: stored },
} as const satisfies EventCatalog;

const sessionSummarySchema = z.object({
  sessionId: z.string(),
  /** `User-` and the first 8 characters of the id. */
  user: z.string(),
  lastMessage: z.string(),
  timestamp: z.string(),
  /** True while a socket of the session is connected to any gateway. */
  isActive: z.boolean(),
});
export type SessionSummary = z.infer<typeof sessionSummarySchema>;

/** Dialect `support`, server to client. */
export const supportServerEvents = {
  session_init: { payload: z.object({ sessionId: z.string() }) },
  message: { payload: supportMessageSchema },
  'sessions-list': { payload: z.array(sessionSummarySchema) },
  'new-message': { payload: z.object({ sessionId: z.string(), message: supportMessageSchema }) },
  'messages-history': { payload: z.array(supportMessageSchema) },
} as const satisfies EventCatalog;
