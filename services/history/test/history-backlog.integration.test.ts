import { createLogger } from '@parley/platform';
import { waitFor } from '@parley/testkit';
import { expect, test } from 'vitest';
import { HistoryConsumer } from '../src/jobs/history-consumer.ts';
import { connect, openQueue, startHistory, startRedis } from './running-history.ts';

test('what waits to be stored is seen from outside, also when it waits for another try', async () => {
  const redis = await startRedis();
  const { service } = await startHistory({ REDIS_URL: redis.url, DATABASE_URL: 'memory:' });
  const gauge = async (name: string): Promise<number> => {
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    return Number(new RegExp(`^${name}\\{.*\\} (\\S+)$`, 'm').exec(metrics)?.[1]);
  };
  expect(await gauge('parley_history_jobs_waiting')).toBe(0);
  expect(await gauge('parley_history_longest_wait_seconds')).toBe(0);
  await openQueue('history', redis.url).add('history', {}, { delay: 60_000 });
  expect(await gauge('parley_history_jobs_waiting')).toBe(1);
  await waitFor(async () => (await gauge('parley_history_longest_wait_seconds')) > 0, { what: 'its age' });
});

test('a consumer tells whether it takes jobs', async () => {
  const redis = await startRedis();
  const log = createLogger({ service: 'test', level: 'silent' });
  const consumer = new HistoryConsumer(connect(redis.url), () => Promise.resolve(), log);
  expect(consumer.isRunning).toBe(false);
  consumer.start();
  await waitFor(() => consumer.isRunning, { what: 'the consumer to run' });
  await consumer.stop();
  expect(consumer.isRunning).toBe(false);
});
