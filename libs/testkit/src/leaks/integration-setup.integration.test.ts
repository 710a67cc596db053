import { Redis } from 'ioredis';
import { afterAll, test } from 'vitest';
import { OwnedRedis } from '../servers/owned-redis.ts';

let forgotten: NodeJS.Timeout | undefined;
afterAll(() => clearInterval(forgotten));

test.fails('a test that leaves a timer fails', () => {
  forgotten = setInterval(() => undefined, 60_000);
});

test.fails('a test that leaves a key in its Redis fails', async () => {
  await using redis = await OwnedRedis.start();
  const client = new Redis(redis.url);
  await client.set('forgotten', '1');
  await client.quit();
});
