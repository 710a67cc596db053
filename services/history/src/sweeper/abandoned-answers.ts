import type { Message } from '@parley/contracts';
import { AnswerHeartbeat } from '@parley/platform';
import type { Redis } from 'ioredis';

/** Looks into a queue. */
export interface JobLookup {
  /** True while the job waits, for its turn or for another try, or is worked on. */
  isUnderWay(jobId: string): Promise<boolean>;
}

export interface AbandonedAnswersDeps {
  readonly redis: Redis;
  readonly answerJobs: JobLookup;
  readonly historyJobs: JobLookup;
}

/** Tells whether nobody is at work on an open answer any more, nor will be. */
export type IsAbandoned = (answer: Message) => Promise<boolean>;

export function abandonedAnswers({ redis, answerJobs, historyJobs }: AbandonedAnswersDeps): IsAbandoned {
  return async ({ conversationId, id: answerId, epoch = 0 }) => {
    // In this order: a worker's heart stops only after it has handed the answer over.
    if (await AnswerHeartbeat.isAlive(redis, { conversationId, answerId })) return false;
    if (await historyJobs.isUnderWay(`${answerId}-${epoch}`)) return false;
    return !(await answerJobs.isUnderWay(answerId));
  };
}
