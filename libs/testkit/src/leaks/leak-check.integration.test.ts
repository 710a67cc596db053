import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { OwnedRedis } from '../servers/owned-redis.ts';
import { waitFor } from '../servers/wait-for.ts';
import { LeakCheck } from './leak-check.ts';

test('names the connections, channels and keys that were not there before', async () => {
  await using redis = await OwnedRedis.start();
  const before = new Redis(redis.url, { connectionName: 'before' });
  await before.set('old', '1');
  await using check = await LeakCheck.start(redis.url);
  await check.expectNone();

  const leaking = new Redis(redis.url, { connectionName: 'leaking' });
  await leaking.set('new', '1');
  await leaking.subscribe('news');
  const leftovers = { connections: { leaking: 1 }, channels: ['news'], keys: ['new'] };
  expect(await check.leftovers()).toEqual(leftovers);
  await expect(check.expectNone({ deadlineMs: 50 })).rejects.toMatchObject({
    cause: { message: `left in Redis: ${JSON.stringify(leftovers)}` },
  });

  leaking.disconnect();
  await check.expectNone({ ignore: [/^new$/] });
  await before.del('new');
  before.disconnect();
  expect(await check.leftovers()).toEqual({ connections: {}, channels: [], keys: [] });
});

test('does not count itself', async () => {
  await using redis = await OwnedRedis.start();
  const client = new Redis(redis.url);
  await using first = await LeakCheck.start(redis.url);
  {
    await using second = await LeakCheck.start(redis.url);
    await second.expectNone();
    await first.expectNone();
  }
  const clients = async (): Promise<number> =>
    ((await client.client('LIST')) as string).split('\n').filter(line => line !== '').length;
  await waitFor(async () => (await clients()) === 2, { what: 'the second check to be gone' });
  client.disconnect();
});
