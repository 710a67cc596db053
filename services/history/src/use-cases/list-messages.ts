import type { HistoryParsedRequest, Message } from '@parley/contracts';
import type { ConversationStore, MessageRange } from '../store/conversation-store.ts';

/** Read at once while nobody knows how long messages are. */
const STEP = 32;

export interface ListMessagesDeps {
  readonly store: Pick<ConversationStore, 'listMessages'>;
}

/** A page of a conversation. Where its bytes are bounded, little more is read than is answered. */
export function listMessages({ store }: ListMessagesDeps) {
  return async ({
    limit,
    maxBytes = Infinity,
    ...range
  }: HistoryParsedRequest<'listMessages'>): Promise<{ messages: Message[]; more: boolean }> => {
    const isBounded = maxBytes !== Infinity;
    // One message more than wanted tells whether there are more.
    const step = isBounded ? Math.min(limit + 1, STEP) : limit + 1;
    const isForward = range.afterSeq !== undefined;
    const page: Message[] = [];
    let bytes = 0;
    let more = false;
    for await (const message of reading(store, { ...range, limit: step }, isForward)) {
      if (isBounded) bytes += Buffer.byteLength(JSON.stringify(message));
      more = page.length === limit || (page.length > 0 && bytes > maxBytes);
      if (more) break;
      page.push(message);
    }
    return { messages: isForward ? page : page.reverse(), more };
  };
}

/** All messages of a range one by one, in steps of `limit`: forward from its beginning, or else back from its end. */
async function* reading(
  store: ListMessagesDeps['store'],
  range: MessageRange,
  isForward: boolean,
): AsyncGenerator<Message> {
  let rest = range;
  for (;;) {
    const messages = await store.listMessages(rest);
    if (!isForward) messages.reverse();
    yield* messages;
    const last = messages.at(-1);
    if (!last || messages.length < rest.limit) return;
    rest = isForward ? { ...rest, afterSeq: last.seq } : { ...rest, beforeSeq: last.seq };
  }
}
