import { ParleyError, isClosed, type HistoryParsedRequest, type Message } from '@parley/contracts';
import type { HistoryMetrics } from '../history-metrics.ts';
import { answerInProgress } from '../store/answer-in-progress.ts';
import type { ConversationStore, FurtherAnswer } from '../store/conversation-store.ts';
import { keyInUse } from '../store/key-in-use.ts';
import { furtherAnswerIdOf } from '../store/message-ids.ts';
import type { SupersedeMessages } from './supersede-messages.ts';

export interface RetryAnswerDeps {
  readonly store: Pick<ConversationStore, 'addAnswer' | 'getConversation' | 'getMessage'>;
  readonly supersedeMessages: SupersedeMessages;
  readonly metrics: HistoryMetrics;
}

/** Asks for an ended answer once more, in place of the old one and of everything after it. Repeating a call completes it. */
export function retryAnswer({ store, supersedeMessages, metrics }: RetryAnswerDeps) {
  return async ({
    conversationId,
    answerId,
    clientMessageId,
  }: HistoryParsedRequest<'retryAnswer'>): Promise<{ answer: Message; enqueue: boolean }> => {
    const old = await store.getMessage(conversationId, answerId);
    if (old?.role !== 'assistant' || old.replyTo === undefined) throw new ParleyError('ANSWER_NOT_FOUND');
    if (!isClosed(old.status)) throw answerInProgress();
    const wanted = { conversationId, clientMessageId, replyTo: old.replyTo };
    await assertAllowed(wanted, store);
    const added = await store.addAnswer(wanted);
    if (!added) throw new ParleyError('CONVERSATION_NOT_FOUND');
    const { answer, enqueue, created } = added;
    if (answer.replyTo !== old.replyTo || answer.seq <= old.seq) throw keyInUse();
    if (created) metrics.answerRetried();
    await supersedeMessages(conversationId, { fromSeq: old.seq, beforeSeq: answer.seq });
    return { answer, enqueue };
  };
}

async function assertAllowed(
  { conversationId, clientMessageId, replyTo }: FurtherAnswer,
  store: RetryAnswerDeps['store'],
): Promise<void> {
  const isRepeat = await store.getMessage(conversationId, furtherAnswerIdOf(conversationId, clientMessageId));
  if (isRepeat) return;
  const conversation = await store.getConversation(conversationId);
  if (conversation?.mode === 'human') throw invalid('A person answers');
  const question = await store.getMessage(conversationId, replyTo);
  if (question?.status === 'superseded') throw invalid('The question has been replaced');
}

function invalid(message: string): ParleyError {
  return new ParleyError('INVALID_REQUEST', { message, details: [{ path: 'answerId', message }] });
}
