import { redisNames } from '@parley/contracts';
import { AnswerLog, AnswerQueue, FramePublisher, closeRedis, connectRedis } from '@parley/platform';
import type { Log, ReleaseStack } from '@parley/platform';
import type { Redis } from 'ioredis';
import { JobLookup } from './jobs/job-lookup.ts';
import { abandonedAnswers, type IsAbandoned } from './sweeper/abandoned-answers.ts';

/** All that history does in Redis. */
export interface RedisSide {
  /** Waits while Redis is away; for the consumer. */
  readonly jobs: Redis;
  readonly answerLog: AnswerLog;
  readonly frames: FramePublisher;
  readonly answers: AnswerQueue;
  readonly isAbandoned: IsAbandoned;
  readonly isReady: () => boolean;
}

/** Opens history's connections. They need not be up: what can wait waits, the rest fails at once. */
export function openRedis(url: string, log: Log, releases: ReleaseStack): RedisSide {
  const commands = connectRedis(url, 'commands', log);
  releases.push('redis commands', () => closeRedis(commands));
  const jobs = connectRedis(url, 'jobs', log);
  releases.push('redis jobs', () => closeRedis(jobs));
  const answers = new AnswerQueue(commands);
  releases.push('answer queue', () => answers.close());
  const answerJobs = new JobLookup(redisNames.queues.answers, commands);
  releases.push('answer jobs', () => answerJobs.close());
  const historyJobs = new JobLookup(redisNames.queues.history, commands);
  releases.push('history jobs', () => historyJobs.close());
  return {
    jobs,
    answerLog: new AnswerLog(commands),
    frames: new FramePublisher(commands),
    answers,
    isAbandoned: abandonedAnswers({ redis: commands, answerJobs, historyJobs }),
    isReady: () => commands.status === 'ready',
  };
}
