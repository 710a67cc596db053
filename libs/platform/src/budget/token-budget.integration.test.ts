import { once } from 'node:events';
import { OwnedRedis, waitFor } from '@parley/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { createLogger } from '../logging/logger.ts';
import { closeRedis, connectRedis, type RedisRole } from '../redis/connect.ts';
import { TokenBudget } from './token-budget.ts';

const MIDNIGHT = Date.UTC(2030, 0, 2);
const silent = createLogger({ service: 'test', level: 'silent' });

async function budgets(perDay: number, role: RedisRole = 'jobs') {
  const redis = await OwnedRedis.start();
  onTestFinished(() => redis[Symbol.asyncDispose]());
  const clock = { now: MIDNIGHT - 60_000 };
  const open = async (): Promise<TokenBudget> => {
    const connection = connectRedis(redis.url, role, silent);
    onTestFinished(() => closeRedis(connection));
    await once(connection, 'ready');
    return new TokenBudget(connection, perDay, () => clock.now);
  };
  return { redis, clock, open };
}

test('what one process has used is gone for the others, until midnight UTC', async () => {
  const { clock, open } = await budgets(100);
  const [one, two] = [await open(), await open()];
  expect(await two.spentForMs()).toBe(0);
  const settle = await one.take(40);
  await settle?.(100);
  expect(await two.spentForMs()).toBe(60_000);
  expect(await two.take(1)).toBeUndefined();
  clock.now = MIDNIGHT;
  expect(await two.spentForMs()).toBe(0);
  expect(await two.take(1)).toBeTypeOf('function');
});

test('of many calls at once only those are allowed that the budget has room for', async () => {
  const { open } = await budgets(100);
  const [one, two] = [await open(), await open()];
  const taken = await Promise.all(Array.from({ length: 40 }, (_, index) => (index % 2 ? one : two).take(10)));
  expect(taken.filter(settle => settle !== undefined)).toHaveLength(10);
});

test('a call that has used less gives the rest back, and one that was refused takes nothing', async () => {
  const { open } = await budgets(100);
  const budget = await open();
  const settle = await budget.take(100);
  expect(await budget.take(50)).toBeUndefined();
  await settle?.(99);
  expect(await budget.take(1)).toBeTypeOf('function');
  expect(await budget.take(1)).toBeUndefined();
});

test('what a call has used after midnight is counted for the day on which it began', async () => {
  const { clock, open } = await budgets(100);
  const budget = await open();
  const settle = await budget.take(10);
  clock.now = MIDNIGHT + 1;
  await settle?.(1_000);
  expect(await budget.spentForMs()).toBe(0);
});

test('a Redis that is away spends nothing, and refuses nobody', async () => {
  const { redis, open } = await budgets(100, 'commands');
  const budget = await open();
  await budget.take(100);
  expect(await budget.spentForMs()).toBeGreaterThan(0);
  await redis.kill();
  await waitFor(async () => (await budget.spentForMs()) === 0, { what: 'the outage to be noticed' });
  expect(await budget.take(1)).toBeTypeOf('function');
});
