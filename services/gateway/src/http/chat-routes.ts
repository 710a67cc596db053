import { createHash, randomUUID } from 'node:crypto';
import { chatRequestSchema, isClosed, type ChatReply, type Message } from '@parley/contracts';
import type { HistoryClient } from '@parley/platform';
import { Router } from 'express';
import type { AccessPolicy } from '../access/access-policy.ts';
import { visitorIdOf } from '../access/caller.ts';
import { toChatConversation, toChatMessage } from '../conversations/chat-view.ts';
import { REST_REPLY_BYTES } from '../conversations/reply-bytes.ts';
import type { FeedHub } from '../feed/feed-hub.ts';
import type { AnswerWaits } from '../turns/answer-waits.ts';
import type { SendTurn } from '../turns/send-turn.ts';
import { idempotencyKey, parsed, type RequestCaller } from './request-caller.ts';

export interface ChatRoutesDependencies {
  readonly callers: RequestCaller;
  readonly policy: AccessPolicy;
  readonly history: HistoryClient;
  readonly turns: SendTurn;
  readonly waits: AnswerWaits;
  readonly hub: FeedHub;
  readonly answerWaitMs: number;
}

/** `POST /api/chat`: sends a message and waits for the whole answer. */
export function chatRoutes(deps: ChatRoutesDependencies): Router {
  const { callers, policy, history, turns, waits, hub, answerWaitMs } = deps;

  const ended = async (answer: Message): Promise<Message> =>
    isClosed(answer.status) ? answer : waits.wait(hub, history, answer, answerWaitMs);

  const reply = async (conversationId: string, answer: Message | undefined): Promise<ChatReply> => {
    const [{ conversation }, { messages }] = await Promise.all([
      history.call('getConversation', { conversationId }),
      history.call('listMessages', { conversationId, maxBytes: REST_REPLY_BYTES }),
    ]);
    return {
      message: answer ? toChatMessage(answer) : null,
      conversation: toChatConversation(conversation, messages),
    };
  };

  const router = Router();
  router.post('/chat', async (request, response) => {
    const { message: content, conversationId: asked } = parsed(chatRequestSchema, request.body);
    const clientMessageId = idempotencyKey(request);
    const caller = await callers.caller(request);
    if (asked === undefined) policy.assertMayCreate(caller);
    else await policy.existing(caller, asked);
    const from = callers.from(request);
    const visitorId = visitorIdOf(caller);
    const conversationId = asked ?? conversationFor(clientMessageId, visitorId ?? from.ipAddress);
    const { answer } = await turns.send({ conversationId, content, clientMessageId, visitorId, from });
    response.json(await reply(conversationId, answer && (await ended(answer))));
  });
  return router;
}

/**
 * A repeated first message must find the conversation that its first try made. The sender is part of the id: two who choose
 * the same key must not meet.
 */
function conversationFor(clientMessageId: string | undefined, sender: string): string {
  if (clientMessageId === undefined) return randomUUID();
  return createHash('sha256').update(`${sender}\0${clientMessageId}`).digest('base64url').slice(0, 22);
}
