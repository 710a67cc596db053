import type { HistoryParsedRequest, Message } from '@parley/contracts';
import type { ConversationStore, MessageRange } from '../store/conversation-store.ts';

/** Read at once while nobody knows how long messages are; then twice as many each time, up to a bound. */
const FIRST_STEP = 4;
const LAST_STEP = 32;

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
    const step = isBounded ? Math.min(limit + 1, FIRST_STEP) : limit + 1;
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

/** All messages of a range one by one, read in steps, of `limit` at first: forward from its beginning, or else back from its end. */
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
    const limit = Math.max(rest.limit, Math.min(2 * rest.limit, LAST_STEP));
    rest = { ...rest, limit, ...(isForward ? { afterSeq: last.seq } : { beforeSeq: last.seq }) };
  }
}
