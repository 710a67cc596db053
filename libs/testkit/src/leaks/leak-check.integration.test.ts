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
  await expect(check.expectNone({ deadlineMs: 500 })).rejects.toThrow(
    `left in Redis: ${JSON.stringify(leftovers)}`,
  );

  leaking.disconnect();
  await before.del('new');
  await check.expectNone();
  await before.del('old');
  before.disconnect();
  expect(await check.leftovers()).toEqual({ connections: {}, channels: [], keys: [] });
});

test('what is kept by design may stay, if it expires where it must', async () => {
  await using redis = await OwnedRedis.start();
  const client = new Redis(redis.url);
  await using check = LeakCheck.sinceEmpty(redis.url);
  await client.set('parley:{c}:live', '1');
  await client.set('{parley}:answers:meta', '1');
  client.disconnect();
  await expect(check.expectNone({ deadlineMs: 500 })).rejects.toThrow(
    '"keys":["parley:{c}:live (never expires)"]',
  );
  const later = new Redis(redis.url);
  await later.pexpire('parley:{c}:live', 60_000);
  later.disconnect();
  await check.expectNone();
  expect((await check.leftovers()).keys).toEqual(['parley:{c}:live', '{parley}:answers:meta']);
});

test('a job may stay in its queue, but not without it or with somebody who is gone', async () => {
  await using redis = await OwnedRedis.start();
  await using check = LeakCheck.sinceEmpty(redis.url);
  const client = new Redis(redis.url);
  const queue = '{parley}:answers';
  for (const id of ['waits', 'ranked', 'late', 'broken', 'taken', 'lost'])
    await client.hset(`${queue}:${id}`, 'data', '');
  await client.lpush(`${queue}:wait`, 'waits');
  await client.zadd(`${queue}:prioritized`, 1, 'ranked');
  await client.zadd(`${queue}:delayed`, 1, 'late');
  await client.zadd(`${queue}:failed`, 1, 'broken');
  await client.lpush(`${queue}:active`, 'taken');
  client.disconnect();
  const leaked = [`${queue}:active`, `${queue}:lost`, `${queue}:taken`];
  await expect(check.expectNone({ deadlineMs: 500 })).rejects.toThrow(`"keys":${JSON.stringify(leaked)}`);
  const later = new Redis(redis.url);
  await later.del(...leaked);
  later.disconnect();
  await check.expectNone();
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
