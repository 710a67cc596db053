import { redisNames, versioned } from '@parley/contracts';
import { z } from 'zod';
import { JobConsumer } from '../src/jobs/job-consumer.ts';
import { runService } from '../src/lifecycle/run-service.ts';
import { closeRedis, connectRedis } from '../src/redis/connect.ts';

// What every service does that consumes a queue, and nothing else; its jobs last until they are let go of.
await runService(() => ({
  name: 'consumer',
  level: 'info',
  graceMs: 10_000,
  start: (log, releases) => {
    const redis = connectRedis(process.env.REDIS_URL ?? '', 'jobs', log);
    releases.push('redis', () => closeRedis(redis));
    const consumer = new JobConsumer({
      queueName: redisNames.queues.answers,
      schema: versioned({ name: z.string() }),
      redis,
      process: async (_data, _job, signal) => {
        const { promise, reject } = Promise.withResolvers<never>();
        signal.addEventListener('abort', () => reject(signal.reason as Error));
        log.info('the job is under way');
        await promise;
      },
      concurrency: 1,
      lockMs: 4_000,
      stalledCheckMs: 1_000,
      maxStalled: 1,
      log,
    });
    consumer.start();
    return Promise.resolve({ port: 0, drain: () => consumer.drain(500) });
  },
}));
