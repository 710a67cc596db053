import type { Message } from '@parley/contracts';
import type { Log } from '@parley/platform';
import { Announcements } from './effects/announcements.ts';
import { answerSettlement } from './effects/answer-settlement.ts';
import type { HistoryMetrics } from './history-metrics.ts';
import { storeHandlers, type HistoryHandlers } from './http/history-handlers.ts';
import type { RedisSide } from './open-redis.ts';
import type { ConversationStore } from './store/conversation-store.ts';
import { addMessage } from './use-cases/add-message.ts';
import { appendTurn } from './use-cases/append-turn.ts';
import { claimAnswer } from './use-cases/claim-answer.ts';
import { completeTurn } from './use-cases/complete-turn.ts';
import { createConversation } from './use-cases/create-conversation.ts';
import { deleteConversation } from './use-cases/delete-conversation.ts';
import { endAnswer } from './use-cases/end-answer.ts';
import { endForItsWorker } from './use-cases/end-for-its-worker.ts';
import { endOpenAnswers } from './use-cases/end-open-answers.ts';
import { finishAnswer, type FinishAnswer } from './use-cases/finish-answer.ts';
import { retryAnswer } from './use-cases/retry-answer.ts';
import { silenceAi } from './use-cases/silence-ai.ts';
import { supersedeMessages } from './use-cases/supersede-messages.ts';
import { updateConversation } from './use-cases/update-conversation.ts';
import { updateMessage } from './use-cases/update-message.ts';

export interface UseCaseDeps {
  readonly store: ConversationStore;
  readonly redis: RedisSide;
  readonly metrics: HistoryMetrics;
  /** Runs that an answer may have in all. */
  readonly maxRuns: number;
  readonly log: Log;
}

export interface UseCases {
  readonly handlers: HistoryHandlers;
  readonly finishAnswer: FinishAnswer;
  readonly completeTurn: (message: Message) => Promise<void>;
  readonly announcements: Announcements;
}

/** Wires what history can do to the store and to Redis. */
export function buildUseCases({ store, redis, metrics, maxRuns, log }: UseCaseDeps): UseCases {
  const { answerLog, frames, answers } = redis;
  const announcements = new Announcements(redis.patientFrames, metrics, log);
  const settleAnswer = answerSettlement({ store, answerLog, frames, answers });
  const endForWorker = endForItsWorker({ store, answerLog, settleAnswer, metrics });
  const end = endAnswer({
    store,
    answerLog,
    frames,
    isWorkedOn: redis.isWorkedOn,
    endForItsWorker: endForWorker,
    settleAnswer,
    metrics,
    log,
  });
  const endOpen = endOpenAnswers({ store, endAnswer: end });
  const silence = silenceAi({ store, answerLog, endOpenAnswers: endOpen, endForItsWorker: endForWorker });
  const supersede = supersedeMessages({ store, endOpenAnswers: endOpen, announcements });
  return {
    announcements,
    finishAnswer: finishAnswer({ store, answerLog, settleAnswer, metrics }),
    completeTurn: completeTurn({ store, announcements, answers, metrics }),
    handlers: {
      ...storeHandlers(store),
      createConversation: createConversation({ store, announcements }),
      updateConversation: updateConversation({ store, announcements, silenceAi: silence }),
      deleteConversation: deleteConversation({ store, answerLog, answers, frames, announcements, log }),
      addMessage: addMessage({ store, announcements }),
      updateMessage: updateMessage({ store }),
      appendTurn: appendTurn({
        store,
        endOpenAnswers: endOpen,
        supersedeMessages: supersede,
        announcements,
        metrics,
      }),
      claimAnswer: claimAnswer({ store, settleAnswer, maxRuns, log }),
      endAnswer: end,
      retryAnswer: retryAnswer({ store, supersedeMessages: supersede, metrics }),
    },
  };
}
