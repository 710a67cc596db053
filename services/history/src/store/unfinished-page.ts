import type { Message } from '@parley/contracts';
import type { UnfinishedPage, UnfinishedQuery } from './conversation-store.ts';

/**
 * Open records as both adapters fetch them: ordered by conversation, at most `limit`. A full batch may have cut its last
 * conversation, which then starts the next page, unless it fills the batch alone.
 */
function wholeConversations(batch: readonly Message[], limit: number): { whole: Message[]; next?: string } {
  const last = batch.at(-1);
  if (!last || batch.length < limit) return { whole: [...batch] };
  const whole = batch.filter(message => message.conversationId !== last.conversationId);
  const lastWhole = whole.at(-1);
  return lastWhole
    ? { whole, next: lastWhole.conversationId }
    : { whole: [...batch], next: last.conversationId };
}

const isOld = (message: Message, { before }: UnfinishedQuery): boolean =>
  message.createdAt < before.toISOString();

/** The broken-off turns among open records. */
export function halfTurnsOf(batch: readonly Message[], query: UnfinishedQuery): UnfinishedPage {
  const { whole, ...rest } = wholeConversations(batch, query.limit);
  return { messages: whole.filter(message => message.role === 'user' && isOld(message, query)), ...rest };
}

/** The open answers that are the first open record of their conversations. */
export function nextAnswersOf(batch: readonly Message[], query: UnfinishedQuery): UnfinishedPage {
  const { whole, ...rest } = wholeConversations(batch, query.limit);
  const firsts = new Map<string, Message>();
  for (const message of whole) {
    const first = firsts.get(message.conversationId);
    if (!first || message.seq < first.seq) firsts.set(message.conversationId, message);
  }
  const answers = [...firsts.values()].filter(message => message.role === 'assistant');
  return { messages: answers.filter(message => isOld(message, query)), ...rest };
}
