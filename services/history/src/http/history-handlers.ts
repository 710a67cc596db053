import { ParleyError } from '@parley/contracts';
import type { HistoryApi, HistoryCallName, HistoryParsedRequest } from '@parley/contracts';
import type { z } from 'zod';
import type { ConversationStore } from '../store/conversation-store.ts';
import { listMessages } from '../use-cases/list-messages.ts';
import { needsAnswer } from '../use-cases/needs-answer.ts';

/** The fields that a shape names, without the "and others" that readers must put up with. */
type Named<T> = T extends unknown ? { [K in keyof T as string extends K ? never : K]: T[K] } : never;

/** What answers each call of history's API. */
export type HistoryHandlers = {
  readonly [N in HistoryCallName]: (
    request: HistoryParsedRequest<N>,
  ) => Promise<Named<z.input<HistoryApi[N]['reply']>>>;
};

type Reads =
  | 'listConversations'
  | 'getConversation'
  | 'listMessages'
  | 'getMessage'
  | 'needsAnswer'
  | 'releaseAnswer'
  | 'getPen';

/** The calls that the store answers alone. */
export function storeHandlers(store: ConversationStore): Pick<HistoryHandlers, Reads> {
  return {
    listConversations: query => store.listConversations(query),
    listMessages: listMessages({ store }),
    needsAnswer: needsAnswer({ store }),
    getConversation: async ({ conversationId }) => {
      const conversation = await store.getConversation(conversationId);
      if (!conversation) throw new ParleyError('CONVERSATION_NOT_FOUND');
      return { conversation };
    },
    getMessage: async ({ conversationId, messageId }) => {
      const message = await store.getMessage(conversationId, messageId);
      if (!message) throw new ParleyError('NOT_FOUND');
      return { message };
    },
    getPen: ({ epoch, ...answer }) => store.penOf(answer, epoch),
    releaseAnswer: async ({ epoch, ...answer }) => ({ released: await store.releaseAnswer(answer, epoch) }),
  };
}
