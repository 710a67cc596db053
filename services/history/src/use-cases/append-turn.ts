import { ParleyError, tooManyOpenAnswers, type HistoryParsedRequest, type Message } from '@parley/contracts';
import type { Announcements } from '../effects/announcements.ts';
import type { HistoryMetrics } from '../history-metrics.ts';
import type { ConversationStore, NewTurn, StoredTurn } from '../store/conversation-store.ts';
import { messageIdOf } from '../store/message-ids.ts';
import type { EndOpenAnswers } from './end-open-answers.ts';
import type { SupersedeMessages } from './supersede-messages.ts';

type Turn = HistoryParsedRequest<'appendTurn'>;
/** On what terms a turn may be appended. */
type Terms = Pick<Turn, 'replaces' | 'maxOpen'>;

export interface AppendTurnDeps {
  readonly store: Pick<ConversationStore, 'appendTurn' | 'getMessage' | 'openAnswersOf'>;
  readonly endOpenAnswers: EndOpenAnswers;
  readonly supersedeMessages: SupersedeMessages;
  readonly announcements: Announcements;
  readonly metrics: HistoryMetrics;
}

/**
 * Stores what a visitor says, with the answer it asks for; whoever watches hears of it once. What it replaces or interrupts
 * comes after it is stored, and is completed by a repetition.
 */
export function appendTurn({ store, announcements, metrics, ...others }: AppendTurnDeps) {
  const { endOpenAnswers, supersedeMessages } = others;
  return async ({ origin, replaces, doubleText, maxOpen, ...turn }: Turn): Promise<StoredTurn> => {
    const { conversationId } = turn;
    const replaced = await admit(turn, { replaces, maxOpen }, store);
    // Those that come after a replaced message go with it.
    const noneOpenBefore = doubleText === 'reject' ? (replaced?.seq ?? Number.MAX_SAFE_INTEGER) : undefined;
    const stored = await store.appendTurn({ ...turn, noneOpenBefore });
    if (stored.created) {
      metrics.turnAppended();
      announcements.messageStored(stored.message, origin);
    }
    const beforeSeq = stored.message.seq;
    if (replaced) await supersedeMessages(conversationId, { fromSeq: replaced.seq, beforeSeq });
    if (doubleText === 'interrupt') {
      // Of several at once this may be the last to be stored, and not the newest. Whichever is the last sees them all.
      const newest = (await store.openAnswersOf(conversationId)).at(-1)?.seq ?? 0;
      await endOpenAnswers(conversationId, 'superseded', { beforeSeq: Math.max(beforeSeq, newest) });
    }
    return stored;
  };
}

/**
 * Refuses a turn that may not be appended, unless it has been before.
 *
 * @returns the message that it replaces.
 */
async function admit(
  { conversationId, clientMessageId }: NewTurn,
  terms: Terms,
  store: AppendTurnDeps['store'],
): Promise<Message | undefined> {
  const { replaces } = terms;
  const replaced = replaces === undefined ? undefined : await userMessage(conversationId, replaces, store);
  const refusal = await refusalOf(conversationId, replaced, terms, store);
  const isRefused =
    refusal && !(await store.getMessage(conversationId, messageIdOf(conversationId, clientMessageId)));
  if (isRefused) throw refusal;
  return replaced;
}

async function refusalOf(
  conversationId: string,
  replaced: Message | undefined,
  { replaces, maxOpen = Infinity }: Terms,
  store: AppendTurnDeps['store'],
): Promise<ParleyError | undefined> {
  if (replaces !== undefined && (!replaced || replaced.status === 'superseded')) {
    const message = 'Only a message that is part of the conversation can be replaced';
    return new ParleyError('INVALID_REQUEST', { message, details: [{ path: 'replaces', message }] });
  }
  if (maxOpen === Infinity) return undefined;
  const open = await store.openAnswersOf(conversationId);
  const staying = open.filter(({ seq }) => !replaced || seq < replaced.seq).length;
  return staying < maxOpen ? undefined : tooManyOpenAnswers();
}

async function userMessage(
  conversationId: string,
  messageId: string,
  store: AppendTurnDeps['store'],
): Promise<Message | undefined> {
  const message = await store.getMessage(conversationId, messageId);
  return message?.role === 'user' ? message : undefined;
}
