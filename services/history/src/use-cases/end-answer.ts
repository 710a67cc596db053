import { ParleyError, type HistoryParsedRequest } from '@parley/contracts';
import {
  fenceFor,
  scoped,
  type AnswerLog,
  type AnswerRef,
  type AnswerSnapshot,
  type FramePublisher,
  type Log,
} from '@parley/platform';
import type { SettleAnswer } from '../effects/answer-settlement.ts';
import type { HistoryMetrics } from '../history-metrics.ts';
import type { ConversationStore, RequestedEnd } from '../store/conversation-store.ts';
import type { EndForItsWorker } from './end-for-its-worker.ts';

const RETRY_AFTER_MS = 1_000;

export interface EndAnswerDeps {
  readonly store: Pick<ConversationStore, 'requestEnd'>;
  readonly answerLog: AnswerLog;
  readonly frames: FramePublisher;
  /** True while the heart of the answer's worker beats. */
  readonly isWorkedOn: (answer: AnswerRef) => Promise<boolean>;
  readonly endForItsWorker: EndForItsWorker;
  readonly settleAnswer: SettleAnswer;
  readonly metrics: HistoryMetrics;
  readonly log: Log;
}

/**
 * Ends an answer wherever it is. When this resolves no more of its text is published; its worker hands over the text so far,
 * or has been done without if it is dead. An answer that has ended stays as it is.
 *
 * @throws ParleyError ANSWER_NOT_FOUND; BUSY if the wish is stored, but its worker may still write: repeat the call.
 */
export type EndAnswer = (request: HistoryParsedRequest<'endAnswer'>) => Promise<object>;

export function endAnswer({ store, metrics, settleAnswer, log, ...pen }: EndAnswerDeps): EndAnswer {
  const line = scoped(log, { component: 'endAnswer', function: 'endAnswer' });
  return async ({ conversationId, answerId, as }) => {
    const answer = { conversationId, answerId };
    const end = await store.requestEnd(answer, as);
    if (!end) throw new ParleyError('ANSWER_NOT_FOUND');
    if (end.outcome !== 'ended') metrics.answerEndWished(as);
    if (end.outcome === 'closed') {
      await settleAnswer(end.message).catch((error: unknown) => {
        // It has ended all the same; the conversation's next answer is found by the sweeper.
        line.warn({ err: error, ...answer }, 'could not settle an answer that was ended');
      });
    }
    if (end.outcome === 'wished') await takePen(answer, end, pen);
    return {};
  };
}

type PenDeps = Pick<EndAnswerDeps, 'answerLog' | 'frames' | 'isWorkedOn' | 'endForItsWorker'>;

async function takePen(
  answer: AnswerRef,
  { as, epoch }: Extract<RequestedEnd, { outcome: 'wished' }>,
  { answerLog, frames, isWorkedOn, endForItsWorker }: PenDeps,
): Promise<void> {
  try {
    // Before the fence, which changes the log.
    const [logged, isAlive] = await Promise.all([answerLog.read(answer), isWorkedOn(answer)]);
    await answerLog.fence(answer, fenceFor(as), epoch);
    await frames.toWorkers({ type: 'answer.fenced', ...answer });
    // The next worker may be a long time coming, if the provider wants to be left alone.
    if (logged && isKept(logged) && !isAlive) await endForItsWorker(answer);
  } catch (error) {
    throw new ParleyError('BUSY', {
      message: 'The running answer cannot be stopped right now, try again shortly',
      retryAfterMs: RETRY_AFTER_MS,
      cause: error,
    });
  }
}

/**
 * False if only its worker may know what was shown: Redis loses a log together with the heartbeat, and an earlier fence has left
 * an empty one in its place.
 */
function isKept({ state, text }: AnswerSnapshot): boolean {
  return state === 'streaming' || text !== '';
}
