import {
  conversationIdSchema,
  listConversationsQuerySchema,
  type ChatConversation,
  type Conversation,
} from '@parley/contracts';
import type { HistoryClient } from '@parley/platform';
import { Router } from 'express';
import { z } from 'zod';
import type { AccessPolicy } from '../access/access-policy.ts';
import { toChatConversation } from '../conversations/chat-view.ts';
import { REST_REPLY_BYTES } from '../conversations/reply-bytes.ts';
import { unlessGone } from '../conversations/unless-gone.ts';
import { parsed, type RequestCaller } from './request-caller.ts';

export interface ConversationRoutesDependencies {
  readonly callers: RequestCaller;
  readonly policy: AccessPolicy;
  readonly history: HistoryClient;
}

const paramsSchema = z.object({ id: conversationIdSchema });

/** `GET /api/conversations`, `GET` and `DELETE /api/conversations/:id`. */
export function conversationRoutes({ callers, policy, history }: ConversationRoutesDependencies): Router {
  const withMessages = async (conversation: Conversation, maxBytes = REST_REPLY_BYTES) => {
    const { messages } = await history.call('listMessages', { conversationId: conversation.id, maxBytes });
    return toChatConversation(conversation, messages);
  };

  /** One after the other: what one leaves of its share is for those behind it. Once all is used, there are no messages. */
  const inOneReply = async (conversations: readonly Conversation[]): Promise<ChatConversation[]> => {
    const shown: ChatConversation[] = [];
    let left = REST_REPLY_BYTES;
    for (const [index, conversation] of conversations.entries()) {
      const share = Math.floor(left / (conversations.length - index));
      const next =
        share > 0
          ? await unlessGone(withMessages(conversation, share))
          : toChatConversation(conversation, []);
      // Deleted while the list is read.
      if (!next) continue;
      left -= Buffer.byteLength(JSON.stringify(next.messages));
      shown.push(next);
    }
    return shown;
  };

  const router = Router();
  router.get('/conversations', async (request, response) => {
    const { limit, before } = parsed(listConversationsQuerySchema, request.query);
    const visitorId = policy.listFilter(await callers.caller(request));
    const page = await history.call('listConversations', { limit, before, visitorId });
    if (page.next !== undefined) {
      const query = new URLSearchParams({ limit: String(limit), before: page.next });
      response.links({ next: `${request.baseUrl}/conversations?${query.toString()}` });
    }
    response.json(await inOneReply(page.conversations));
  });
  router.get('/conversations/:id', async (request, response) => {
    const { id } = parsed(paramsSchema, request.params);
    response.json(await withMessages(await policy.existing(await callers.caller(request), id)));
  });
  router.delete('/conversations/:id', async (request, response) => {
    const { id } = parsed(paramsSchema, request.params);
    await policy.existing(await callers.caller(request), id);
    await history.call('deleteConversation', { conversationId: id });
    response.json({ message: 'Conversation deleted successfully' });
  });
  return router;
}
