import { setTimeout as pause } from 'node:timers/promises';
import { ParleyError } from '@parley/contracts';
import type { AnswerLog } from '@parley/platform';
import type { ConversationStore } from '../store/conversation-store.ts';
import type { EndForItsWorker } from './end-for-its-worker.ts';
import type { EndOpenAnswers } from './end-open-answers.ts';

/** How long a worker may take to hand over a text that it alone knows. A caller waits for 5 s. */
const HAND_OVER_MS = 2_000;
const LOOK_EVERY_MS = 50;

export interface SilenceAiDeps {
  readonly store: Pick<ConversationStore, 'openAnswersOf'>;
  readonly answerLog: AnswerLog;
  readonly endOpenAnswers: EndOpenAnswers;
  readonly endForItsWorker: EndForItsWorker;
}

/**
 * Ends what the AI is saying in a conversation. When this resolves, the last of its text is stored and has been published.
 *
 * @throws ParleyError BUSY if that is not certain yet: repeat the call.
 */
export type SilenceAi = (conversationId: string) => Promise<void>;

export function silenceAi({ endOpenAnswers, endForItsWorker, ...deps }: SilenceAiDeps): SilenceAi {
  return async conversationId => {
    // Read before they end: one that is stored by then may not have been told.
    const running = await runningAnswers(conversationId, deps);
    await endOpenAnswers(conversationId, 'stopped');
    try {
      const logged = await deps.answerLog.live(conversationId);
      const lost = running.filter(answerId => !logged.includes(answerId));
      await handedOver(conversationId, lost, deps);
      for (const answerId of new Set([...running, ...logged]))
        await endForItsWorker({ conversationId, answerId });
    } catch (error) {
      throw error instanceof ParleyError
        ? error
        : new ParleyError('BUSY', { retryAfterMs: 1_000, cause: error });
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
