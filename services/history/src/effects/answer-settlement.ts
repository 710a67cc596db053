import type { Message } from '@parley/contracts';
import type { AnswerLog, AnswerQueue, FramePublisher } from '@parley/platform';
import type { ConversationStore } from '../store/conversation-store.ts';

export interface AnswerSettlementDeps {
  readonly store: Pick<ConversationStore, 'nextAnswer'>;
  readonly answerLog: AnswerLog;
  readonly frames: FramePublisher;
  readonly answers: AnswerQueue;
}

/**
 * What follows once an answer is stored as ended: the conversation and the admins hear of it, and the conversation's next
 * answer is queued. May be repeated.
 *
 * @throws whatever Redis throws.
 */
export type SettleAnswer = (ended: Message) => Promise<void>;

export function answerSettlement({ store, answerLog, frames, answers }: AnswerSettlementDeps): SettleAnswer {
  return async ended => {
    await answerLog.retire(ended);
    await frames.toAdmins({ type: 'message.added', message: ended });
    const next = await store.nextAnswer(ended.conversationId);
    if (next) await answers.requeue({ conversationId: next.conversationId, answerId: next.id });
  };
}
