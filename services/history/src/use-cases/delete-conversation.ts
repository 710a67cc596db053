import type { HistoryParsedRequest } from '@parley/contracts';
import { scoped, type AnswerLog, type AnswerQueue, type FramePublisher, type Log } from '@parley/platform';
import type { Announcements } from '../effects/announcements.ts';
import type { ConversationStore } from '../store/conversation-store.ts';

export interface DeleteConversationDeps {
  readonly store: Pick<ConversationStore, 'deleteConversation' | 'openAnswersOf'>;
  readonly answerLog: AnswerLog;
  readonly answers: AnswerQueue;
  readonly frames: FramePublisher;
  readonly announcements: Announcements;
  readonly log: Log;
}

/** Removes a conversation with all that hangs on it. */
export function deleteConversation({ store, announcements, log, ...redis }: DeleteConversationDeps) {
  const line = scoped(log, { component: 'deleteConversation', function: 'deleteConversation' });
  return async ({
    conversationId,
  }: HistoryParsedRequest<'deleteConversation'>): Promise<{ deleted: boolean }> => {
    const open = await store.openAnswersOf(conversationId);
    const deleted = await store.deleteConversation(conversationId);
    if (!deleted) return { deleted };
    announcements.conversationDeleted(conversationId);
    const answerIds = open.map(answer => answer.id);
    await removeTraces(conversationId, answerIds, redis).catch((error: unknown) => {
      // Logs expire by themselves, and no job of a conversation that is gone can be claimed.
      line.warn(
        { err: error, conversationId },
        'could not remove what Redis keeps of a deleted conversation',
      );
    });
    return { deleted };
  };
}

async function removeTraces(
  conversationId: string,
  openAnswerIds: readonly string[],
  { answerLog, answers, frames }: Pick<DeleteConversationDeps, 'answerLog' | 'answers' | 'frames'>,
): Promise<void> {
  const answerIds = [...new Set([...openAnswerIds, ...(await answerLog.live(conversationId))])];
  await Promise.all(
    answerIds.map(async answerId => {
      await answers.remove(answerId);
      await frames.toWorkers({ type: 'answer.fenced', conversationId, answerId });
    }),
  );
  await answerLog.forget(conversationId, answerIds);
}
