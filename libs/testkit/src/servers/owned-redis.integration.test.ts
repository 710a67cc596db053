import { existsSync } from 'node:fs';
import { Redis } from 'ioredis';
import { expect, inject, test } from 'vitest';
import { OwnedRedis } from './owned-redis.ts';
import { waitFor } from './wait-for.ts';

/** A client that says at once that Redis is away, and is gone after the test. */
function connect(url: string, timeoutMs = 5_000): Redis & AsyncDisposable {
  const redis = new Redis(url, { maxRetriesPerRequest: 0, commandTimeout: timeoutMs });
  redis.on('error', () => undefined);
  return Object.assign(redis, {
    [Symbol.asyncDispose]: async () => {
      redis.disconnect();
      await Promise.resolve();
    },
  });
}

test('the shared Redis answers', async () => {
  await using client = connect(inject('redisUrl'));
  expect(await client.ping()).toBe('PONG');
});

test('a paused Redis keeps its connections and answers once it is resumed', async () => {
  await using redis = await OwnedRedis.start();
  await using client = connect(redis.url, 1_000);
  await client.set('kept', '1');
  redis.pause();
  await expect(client.ping()).rejects.toThrow('timed out');
  redis.resume();
  expect(await waitFor(() => client.get('kept'), { what: 'an answer' })).toBe('1');
  await client.del('kept');
});

test('a killed Redis comes back on the same port, without its data', async () => {
  await using redis = await OwnedRedis.start();
  await using client = connect(redis.url);
  await client.set('gone', '1');
  await redis.kill();
  await waitFor(() => client.status !== 'ready', { what: 'the connection to break' });
  await redis.restart();
  await waitFor(() => client.ping(), { what: 'Redis to be back' });
  expect(await client.get('gone')).toBeNull();
});

test('an append-only Redis keeps what it has acknowledged over SIGKILL, unless told to forget', async () => {
  await using redis = await OwnedRedis.start({ appendOnly: true });
  await using client = connect(redis.url);
  await client.set('kept', '1');
  await redis.restart();
  expect(await waitFor(() => client.get('kept'), { what: 'the data' })).toBe('1');
  await redis.restart('none');
  await waitFor(() => client.ping(), { what: 'Redis to be back' });
  expect(await client.get('kept')).toBeNull();
});

test('an append-only Redis comes back as it was when it was told to remember', async () => {
  await using redis = await OwnedRedis.start({ appendOnly: true });
  await using client = connect(redis.url);
  await client.set('old', '1');
  await redis.remember();
  await client.set('new', '1');
  await redis.restart('remembered');
  await waitFor(() => client.ping(), { what: 'Redis to be back' });
  expect(await client.mget('old', 'new')).toEqual(['1', null]);
  await client.del('old');
});

test('never evicts, and refuses writes when it is full', async () => {
  await using redis = await OwnedRedis.start({ maxMemory: '2mb' });
  await using client = connect(redis.url);
  await expect(
    client.set('large', 'x'.repeat(4_000_000)).then(() => client.set('more', '1')),
  ).rejects.toThrow('OOM');
});

test('leaves neither a process nor a folder behind, even when it is paused', async () => {
  const redis = await OwnedRedis.start();
  await using client = connect(redis.url);
  const [, dir = ''] = await client.config('GET', 'dir');
  redis.pause();
  await redis.stop();
  expect(() => process.kill(redis.pid, 0)).toThrow('ESRCH');
  expect(existsSync(dir)).toBe(false);
});
