import type { NativeMessage } from '@parley/contracts';
import type { HistoryClient } from '@parley/platform';
import { toNativeMessage } from '../../conversations/native-view.ts';
import { SOCKET_PAGE_BYTES } from '../../conversations/reply-bytes.ts';

export interface MessagePage {
  readonly messages: NativeMessage[];
  /** There are further ones: newer than these after an `afterSeq`, else older. */
  readonly more: boolean;
}

/** Reads a page of a conversation, oldest first: the newest, or what comes after or before a `seq`. */
export async function readPage(
  history: HistoryClient,
  range: { conversationId: string; afterSeq?: number | undefined; beforeSeq?: number },
): Promise<MessagePage> {
  const { messages, more } = await history.call('listMessages', { ...range, maxBytes: SOCKET_PAGE_BYTES });
  return { messages: messages.map(toNativeMessage), more };
}
