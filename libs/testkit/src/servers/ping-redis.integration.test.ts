import { expect, test } from 'vitest';
import { freePort } from '../processes/free-port.ts';
import { OwnedRedis } from './owned-redis.ts';
import { pingRedis } from './ping-redis.ts';

test('tells a Redis that answers from one that hangs and from none', async () => {
  await using redis = await OwnedRedis.start();
  expect(await pingRedis(redis.url)).toBe(true);
  redis.pause();
  expect(await pingRedis(redis.url)).toBe(false);
  redis.resume();
  expect(await pingRedis(`redis://127.0.0.1:${await freePort()}`)).toBe(false);
});
