import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { ParleyError } from '@parley/contracts';
import type { AnswerLog, AnswerRef } from '@parley/platform';
import type { SettleAnswer } from '../effects/answer-settlement.ts';
import type { HistoryMetrics } from '../history-metrics.ts';
import type { ConversationStore } from '../store/conversation-store.ts';
import type { EndOpenAnswers } from './end-open-answers.ts';

/** Gives no leave to run: it only takes the answer away from its worker. */
const NO_RUN = { maxRuns: 0, contextMessages: 1 };

/** How long a worker may take to hand over a text that it alone knows. A caller waits for 5 s. */
const HAND_OVER_MS = 2_000;
const LOOK_EVERY_MS = 50;

const notYet = (cause?: unknown): ParleyError => new ParleyError('BUSY', { retryAfterMs: 1_000, cause });

export interface SilenceAiDeps {
  readonly store: Pick<ConversationStore, 'claimAnswer' | 'finishAnswer' | 'getMessage' | 'openAnswersOf'>;
  readonly answerLog: AnswerLog;
  readonly endOpenAnswers: EndOpenAnswers;
  readonly settleAnswer: SettleAnswer;
  readonly metrics: HistoryMetrics;
}

/**
 * Ends what the AI is saying in a conversation. When this resolves, the last of its text is stored and has been published.
 *
 * @throws ParleyError BUSY if that is not certain yet: repeat the call.
 */
export type SilenceAi = (conversationId: string) => Promise<void>;

export function silenceAi({ endOpenAnswers, ...deps }: SilenceAiDeps): SilenceAi {
  return async conversationId => {
    // Read before they end: one that is stored by then may not have been told.
    const running = await runningAnswers(conversationId, deps);
    await endOpenAnswers(conversationId, 'stopped');
    try {
      const logged = await deps.answerLog.live(conversationId);
      const lost = running.filter(answerId => !logged.includes(answerId));
      await handedOver(conversationId, lost, deps);
      for (const answerId of new Set([...running, ...logged]))
        await endForItsWorker({ conversationId, answerId }, deps);
    } catch (error) {
      throw error instanceof ParleyError ? error : notYet(error);
    }
  };
}

async function runningAnswers(
  conversationId: string,
  { store }: Pick<SilenceAiDeps, 'store'>,
): Promise<string[]> {
  const open = await store.openAnswersOf(conversationId);
  return open.filter(({ status }) => status === 'streaming').map(({ id }) => id);
}

/**
 * Redis has lost the log of these answers, or never had one. What was shown of them only their workers know, who have just
 * been told to hand it over. One that does not is dead or stands still, and the answer ends without its text.
 */
async function handedOver(
  conversationId: string,
  answerIds: readonly string[],
  deps: Pick<SilenceAiDeps, 'store'>,
): Promise<void> {
  const until = Date.now() + HAND_OVER_MS;
  const isAwaited = async (): Promise<boolean> =>
    (await runningAnswers(conversationId, deps)).some(answerId => answerIds.includes(answerId));
  while (answerIds.length > 0 && Date.now() < until && (await isAwaited())) await pause(LOOK_EVERY_MS);
}

/** Does what another worker does for a dead one: this one may be dead, or slow, and somebody waits for the silence. */
async function endForItsWorker(
  answer: AnswerRef,
  { store, answerLog, settleAnswer, metrics }: Omit<SilenceAiDeps, 'endOpenAnswers'>,
): Promise<void> {
  const claimed = await store.claimAnswer({ ...answer, ...NO_RUN, claimId: randomUUID() });
  if (claimed?.claim.outcome !== 'exhausted') {
    // It is stored, but whoever did that may not have said so yet.
    const message = await store.getMessage(answer.conversationId, answer.answerId);
    if (message) await answerLog.retire(message);
    return;
  }
  const { epoch, endAs: status = 'stopped' } = claimed.claim;
  const kept = await answerLog.read(answer);
  const sealed = await answerLog.seal(answer, epoch);
  // A worker that has just claimed it does the same.
  if (!sealed) throw notYet();
  const { text } = sealed;
  const result = await store.finishAnswer({ ...answer, epoch, text, status, ...kept?.ending });
  metrics.answerFinished(result.outcome);
  if (!('message' in result)) throw notYet();
  await settleAnswer(result.message);
}
