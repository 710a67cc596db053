import type { Message } from '@parley/contracts';
import type { HistoryClient } from '@parley/platform';

/** Messages in one reading. */
const PAGE = 20;
/** How far back is looked for what was missed. */
export const REACH = 100;

/**
 * Reads a conversation's newest messages, oldest first: page by page, back to one with which enough is known, its beginning, or
 * as far as `REACH`.
 */
export async function readBack(
  history: Pick<HistoryClient, 'call'>,
  conversationId: string,
  isEnough: (page: readonly Message[]) => boolean,
): Promise<Message[]> {
  const messages: Message[] = [];
  while (messages.length < REACH) {
    const range = { conversationId, limit: PAGE, beforeSeq: messages[0]?.seq };
    const page = (await history.call('listMessages', range)).messages;
    messages.unshift(...page);
    if (page.length < PAGE || isEnough(page)) break;
  }
  return messages;
}
