import { once } from 'node:events';
import { redisNames } from '@parley/contracts';
import {
  AnswerHeartbeat,
  AnswerLog,
  AnswerQueue,
  FramePublisher,
  closeRedis,
  connectRedis,
} from '@parley/platform';
import type { AnswerRef, Backlog, Log, ReleaseStack } from '@parley/platform';
import type { Redis } from 'ioredis';
import { QueuedJobs } from './jobs/queued-jobs.ts';
import { abandonedAnswers, type IsAbandoned } from './sweeper/abandoned-answers.ts';

/** Given to a Redis that is there; without one, history stores all the same. */
const CONNECT_WAIT_MS = 2_000;

/** All that history does in Redis. */
export interface RedisSide {
  /** Waits while Redis is away; for the consumer. */
  readonly jobs: Redis;
  readonly answerLog: AnswerLog;
  readonly frames: FramePublisher;
  /** The same, but what is said while Redis is away waits for it. */
  readonly patientFrames: FramePublisher;
  readonly answers: AnswerQueue;
  readonly isAbandoned: IsAbandoned;
  /** True while the heart of the answer's worker beats. */
  readonly isWorkedOn: (answer: AnswerRef) => Promise<boolean>;
  /** Ended answers that are not stored yet. */
  readonly backlog: Backlog;
  readonly isReady: () => boolean;
}

/** Opens history's connections. They need not be up: what can wait waits, the rest fails at once. */
export async function openRedis(url: string, log: Log, releases: ReleaseStack): Promise<RedisSide> {
  const commands = connectRedis(url, 'commands', log);
  releases.push('redis commands', () => closeRedis(commands));
  const jobs = connectRedis(url, 'jobs', log);
  releases.push('redis jobs', () => closeRedis(jobs));
  const answers = new AnswerQueue(commands);
  releases.push('answer queue', () => answers.close());
  const answerJobs = new QueuedJobs(redisNames.queues.answers, commands);
  releases.push('answer jobs', () => answerJobs.close());
  const historyJobs = new QueuedJobs(redisNames.queues.history, commands);
  releases.push('history jobs', () => historyJobs.close());
  await once(commands, 'ready', { signal: AbortSignal.timeout(CONNECT_WAIT_MS) }).catch(() => undefined);
  return {
    jobs,
    answerLog: new AnswerLog(commands),
    frames: new FramePublisher(commands),
    patientFrames: new FramePublisher(jobs),
    answers,
    backlog: historyJobs.backlog,
    isAbandoned: abandonedAnswers({ redis: commands, answerJobs, historyJobs }),
    isWorkedOn: answer => AnswerHeartbeat.isAlive(commands, answer),
    isReady: () => commands.status === 'ready',
  };
}
