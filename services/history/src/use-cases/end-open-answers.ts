import type { EndAs } from '@parley/contracts';
import type { ConversationStore, SeqRange } from '../store/conversation-store.ts';
import type { EndAnswer } from './end-answer.ts';

export interface EndOpenAnswersDeps {
  readonly store: Pick<ConversationStore, 'openAnswersOf'>;
  readonly endAnswer: EndAnswer;
}

/**
 * Ends the open answers of a conversation: all of them, or those of a range.
 *
 * @throws whatever `EndAnswer` throws; may be repeated.
 */
export type EndOpenAnswers = (conversationId: string, as: EndAs, range?: Partial<SeqRange>) => Promise<void>;

export function endOpenAnswers({ store, endAnswer }: EndOpenAnswersDeps): EndOpenAnswers {
  return async (conversationId, as, { fromSeq = 0, beforeSeq = Infinity } = {}) => {
    const open = await store.openAnswersOf(conversationId);
    const inRange = open.filter(({ seq }) => seq >= fromSeq && seq < beforeSeq);
    // The newest first: none of them becomes the next one to be produced when the one before it ends.
    for (const { id: answerId } of inRange.toReversed()) await endAnswer({ conversationId, answerId, as });
  };
}
