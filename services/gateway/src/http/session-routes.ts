import {
  conversationIdSchema,
  sessionMessageRequestSchema,
  sessionRequestSchema,
  type Conversation,
  type SessionReply,
} from '@parley/contracts';
import type { HistoryClient } from '@parley/platform';
import { Router, type Request } from 'express';
import { z } from 'zod';
import type { AccessPolicy } from '../access/access-policy.ts';
import { visitorIdOf } from '../access/caller.ts';
import { isShown } from '../conversations/chat-view.ts';
import { REST_REPLY_BYTES } from '../conversations/reply-bytes.ts';
import { toSupportMessage } from '../conversations/support-view.ts';
import type { OpenSession } from '../sessions/open-session.ts';
import type { SayAsAdmin } from '../turns/say-as-admin.ts';
import type { SendTurn } from '../turns/send-turn.ts';
import { idempotencyKey, parsed, type RequestCaller } from './request-caller.ts';

export interface SessionRoutesDependencies {
  readonly callers: RequestCaller;
  readonly policy: AccessPolicy;
  readonly history: HistoryClient;
  readonly sessions: OpenSession;
  readonly turns: SendTurn;
  readonly admins: SayAsAdmin;
}

const paramsSchema = z.object({ sessionId: conversationIdSchema });

/** `POST /api/chat/session`, `POST /api/chat/message`, `GET /api/chat/messages/:sessionId`. */
export function sessionRoutes(deps: SessionRoutesDependencies): Router {
  const { callers, policy, history, sessions, turns, admins } = deps;

  const store = async (request: Request, body: z.output<typeof sessionMessageRequestSchema>) => {
    const said = {
      conversationId: body.sessionId,
      content: body.content,
      clientMessageId: idempotencyKey(request),
    };
    if (body.sender === 'admin') {
      await callers.admin(request);
      return admins.say(said);
    }
    const caller = await callers.caller(request);
    await policy.assertMayEnter(caller, body.sessionId);
    const visitorId = visitorIdOf(caller);
    return (await turns.send({ ...said, visitorId, from: callers.from(request) })).message;
  };

  const router = Router();
  router.post('/chat/session', async (request, response) => {
    const { sessionId, ...claimed } = parsed(sessionRequestSchema, request.body);
    const from = callers.from(request);
    const told = {
      userAgent: claimed.userAgent ?? from.userAgent,
      ipAddress: claimed.ipAddress ?? from.ipAddress,
    };
    const opened = await sessions.open(await callers.caller(request), sessionId, from, told);
    response.json(toReply(opened.conversation, opened.token));
  });
  router.post('/chat/message', async (request, response) => {
    const message = await store(request, parsed(sessionMessageRequestSchema, request.body));
    const { id, content, sender, timestamp, sessionId } = toSupportMessage(message);
    response.json({ id, content, sender, timestamp, sessionId });
  });
  router.get('/chat/messages/:sessionId', async (request, response) => {
    const { sessionId: conversationId } = parsed(paramsSchema, request.params);
    await policy.existing(await callers.caller(request), conversationId);
    const { messages } = await history.call('listMessages', { conversationId, maxBytes: REST_REPLY_BYTES });
    response.json({ messages: messages.filter(isShown).map(toSupportMessage) });
  });
  return router;
}

function toReply(
  { id, userAgent = '', ipAddress = '', createdAt, updatedAt }: Conversation,
  token: string,
): SessionReply {
  return { sessionId: id, session: { id, userAgent, ipAddress, createdAt, updatedAt }, token };
}
