import { readMetric, waitFor } from '@parley/testkit';
import { expect, test } from 'vitest';
import { openQueue, startHistory, startRedis } from './running-history.ts';

test('what waits to be stored is seen from outside, also when it waits for another try', async () => {
  const redis = await startRedis();
  const { service } = await startHistory(redis);
  const gauge = (name: string): Promise<number> => readMetric(service.url, name);
  expect(await gauge('parley_history_jobs_waiting')).toBe(0);
  expect(await gauge('parley_history_longest_wait_seconds')).toBe(0);
  await openQueue('history', redis.url).add('history', {}, { delay: 60_000 });
  expect(await gauge('parley_history_jobs_waiting')).toBe(1);
  await waitFor(async () => (await gauge('parley_history_longest_wait_seconds')) > 0, { what: 'its age' });
});
