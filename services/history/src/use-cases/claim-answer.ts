import { randomUUID } from 'node:crypto';
import { ParleyError, type AnswerClaim, type HistoryParsedRequest } from '@parley/contracts';
import { scoped, type Log } from '@parley/platform';
import type { SettleAnswer } from '../effects/answer-settlement.ts';
import type { ConversationStore } from '../store/conversation-store.ts';

export interface ClaimAnswerDeps {
  readonly store: Pick<ConversationStore, 'claimAnswer'>;
  readonly settleAnswer: SettleAnswer;
  /** Runs that an answer may have in all. */
  readonly maxRuns: number;
  readonly log: Log;
}

/** Decides whether a worker may produce an answer, and fences whoever did so before. */
export type ClaimAnswer = (request: HistoryParsedRequest<'claimAnswer'>) => Promise<AnswerClaim>;

export function claimAnswer({ store, settleAnswer, maxRuns, log }: ClaimAnswerDeps): ClaimAnswer {
  const line = scoped(log, { component: 'claimAnswer', function: 'claimAnswer' });
  return async ({ claimId = randomUUID(), ...request }) => {
    const stored = await store.claimAnswer({ ...request, claimId, maxRuns });
    if (!stored) throw new ParleyError('ANSWER_NOT_FOUND');
    if (stored.closed) {
      await settleAnswer(stored.closed).catch((error: unknown) => {
        // The claim stands; the conversation's next answer is found by the sweeper.
        line.warn({ err: error, answerId: request.answerId }, 'could not settle a superseded answer');
      });
    }
    return stored.claim;
  };
}
