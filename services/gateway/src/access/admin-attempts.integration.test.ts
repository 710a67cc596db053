import { once } from 'node:events';
import { ParleyError, redisNames } from '@parley/contracts';
import { closeRedis, connectRedis, createLogger } from '@parley/platform';
import { OwnedRedis } from '@parley/testkit';
import type { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { AdminAttempts } from './admin-attempts.ts';

const OF_ONE = 10;
const OF_ALL = 100;
const MINUTE_MS = 60_000;
const ADDRESS = '192.0.2.1';
/** What is counted of the address. */
const KEY = `${redisNames.rateLimitPrefix('admin')}:${ADDRESS}`;
const silent = createLogger({ service: 'test', level: 'silent' });

async function world() {
  const server = await OwnedRedis.start();
  onTestFinished(() => server[Symbol.asyncDispose]());
  const redis = connectRedis(server.url, 'commands', silent);
  onTestFinished(() => closeRedis(redis));
  await once(redis, 'ready');
  return { server, redis, attempts: new AdminAttempts(redis) };
}

/** Milliseconds after which a refused try may be repeated; 0 if it was allowed. */
async function waitOf(tried: Promise<void>): Promise<number> {
  try {
    await tried;
    return 0;
  } catch (error) {
    expect(error).toBeInstanceOf(ParleyError);
    expect(error).toMatchObject({ code: 'RATE_LIMIT_EXCEEDED', message: 'Too many wrong admin tokens' });
    return (error as ParleyError).retryAfterMs ?? NaN;
  }
}

/** Guesses until it is shut out; resolves with the minutes for which it is. */
async function series(attempts: AdminAttempts): Promise<number> {
  for (let tried = 0; tried < OF_ONE; tried++) expect(await waitOf(attempts.failed(ADDRESS))).toBe(0);
  return (await waitOf(attempts.failed(ADDRESS))) / MINUTE_MS;
}

/** As if the time for which somebody is shut out were over. */
async function timeOver(redis: Redis): Promise<void> {
  expect(await redis.del(KEY)).toBe(1);
}

test('each further series of wrong tokens shuts an address out for longer', async () => {
  const { redis, attempts } = await world();
  const minutes = [];
  for (let times = 0; times < 6; times++) {
    minutes.push(await series(attempts));
    // Who goes on guessing makes it neither longer nor shorter, and a right token does not help.
    for (const tried of [attempts.failed(ADDRESS), attempts.assertAllowed(ADDRESS)]) {
      const left = (await waitOf(tried)) / MINUTE_MS;
      expect(left).toBeGreaterThan((minutes.at(-1) ?? 0) - 0.5);
      expect(left).toBeLessThanOrEqual(minutes.at(-1) ?? 0);
    }
    await timeOver(redis);
  }
  expect(minutes).toEqual([1, 5, 15, 60, 60, 60]);
  expect(await waitOf(attempts.failed('192.0.2.2'))).toBe(0);
});

test('the time is over by itself', async () => {
  const { redis, attempts } = await world();
  await series(attempts);
  const left = await redis.pttl(KEY);
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThanOrEqual(MINUTE_MS);
});

test('many guesses at once are one series', async () => {
  const { redis, attempts } = await world();
  const waits = await Promise.all(Array.from({ length: 50 }, () => waitOf(attempts.failed(ADDRESS))));
  expect(waits.filter(wait => wait === 0)).toHaveLength(OF_ONE);
  await timeOver(redis);
  expect(await series(attempts)).toBe(5);
});

test('a right token from an address that is not shut out makes the wrong ones forgotten, but not that it was shut out', async () => {
  const { redis, attempts } = await world();
  expect(await series(attempts)).toBe(1);
  await timeOver(redis);
  for (let tried = 0; tried < OF_ONE; tried++) await attempts.failed(ADDRESS);
  await attempts.assertAllowed(ADDRESS);
  expect(await series(attempts)).toBe(5);
});

test('during an attack of many, two tries are a series', async () => {
  const { redis, attempts } = await world();
  for (let index = 0; index <= OF_ALL; index++) await attempts.failed(`203.0.113.${index}`);
  for (const minutes of [1, 5]) {
    expect(await waitOf(attempts.failed(ADDRESS))).toBe(0);
    expect(await waitOf(attempts.failed(ADDRESS))).toBe(0);
    expect(await waitOf(attempts.failed(ADDRESS))).toBe(minutes * MINUTE_MS);
    expect(await waitOf(attempts.assertAllowed(ADDRESS))).toBeGreaterThan(0);
    await timeOver(redis);
  }
  await attempts.assertAllowed('192.0.2.9');
});

test('without Redis each gateway slows guessers down by itself', async () => {
  const { server, attempts } = await world();
  await server.kill();
  await attempts.assertAllowed(ADDRESS);
  expect(await series(attempts)).toBe(1);
  expect(await waitOf(attempts.assertAllowed(ADDRESS))).toBeGreaterThan(0);
  await attempts.assertAllowed('192.0.2.2');
});
