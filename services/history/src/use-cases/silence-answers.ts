import type { AnswerLog, FramePublisher } from '@parley/platform';
import type { ConversationStore } from '../store/conversation-store.ts';
import type { ClaimAnswer } from './claim-answer.ts';

export interface SilenceAnswersDeps {
  readonly store: Pick<ConversationStore, 'openAnswersOf'>;
  readonly answerLog: AnswerLog;
  readonly frames: FramePublisher;
  readonly claimAnswer: ClaimAnswer;
}

/** Ends all open answers of a conversation that has just been taken over. */
export type SilenceAnswers = (conversationId: string) => Promise<void>;

export function silenceAnswers({
  store,
  answerLog,
  frames,
  claimAnswer,
}: SilenceAnswersDeps): SilenceAnswers {
  return async conversationId => {
    for (const { id: answerId, status } of await store.openAnswersOf(conversationId)) {
      const answer = { conversationId, answerId };
      if (status === 'pending') {
        // A claim in human mode closes the answer. Left to the worker, it might come after the AI has been let back in.
        await claimAnswer({ ...answer, contextMessages: 1 });
      } else {
        // Its worker hands over what it has said so far.
        await answerLog.fence(answer, 'stopping');
        await frames.toWorkers({ type: 'answer.fenced', ...answer });
      }
    }
  };
}
