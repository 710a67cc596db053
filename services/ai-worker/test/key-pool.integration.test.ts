import { redisNames } from '@parley/contracts';
import { OwnedRedis } from '@parley/testkit';
import { Redis } from 'ioredis';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { KeyPool } from '../src/keys/key-pool.ts';
import { ProviderKey } from '../src/keys/provider-key.ts';

const key = new ProviderKey('sk-test-0Zq1Yw2Xe3Vr4Ut5abcd');
const bench = redisNames.benchedKey(key.fingerprint);
const strikes = redisNames.keyStrikes(key.fingerprint);

let redis: Redis;
let pool: KeyPool;

beforeEach(async () => {
  const server = await OwnedRedis.start();
  onTestFinished(() => server.stop());
  redis = new Redis(server.url);
  onTestFinished(() => void redis.quit());
  pool = new KeyPool([key], redis);
});

/** Told to wait; the bench is over when it is told so again. */
async function strikesInARow(count: number): Promise<number[]> {
  const benches: number[] = [];
  for (let n = 0; n < count; n++) {
    benches.push(await pool.strike(key));
    expect(await redis.pttl(bench)).toBeGreaterThan((benches[n] ?? 0) - 500);
    await redis.del(bench);
  }
  return benches;
}

test('a key that has to wait nobody knows how long rests twice as long each time in a row', async () => {
  expect(await strikesInARow(7)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  expect(await redis.pttl(strikes)).toBeGreaterThan(60_000);
});

test('all who are told to wait at the same time wait once', async () => {
  await pool.strike(key);
  const left = await Promise.all([1, 2, 3].map(() => pool.strike(key)));
  expect(Math.max(...left)).toBeLessThanOrEqual(1_000);
  expect(await redis.get(strikes)).toBe('1');
});

test('a strike takes nothing from a longer bench', async () => {
  await pool.bench(key, 'refused', 60_000);
  await pool.strike(key);
  expect(await redis.get(bench)).toBe('refused');
});

test('a key that answers again begins anew, on whichever worker it has rested', async () => {
  const other = new KeyPool([key], redis);
  await strikesInARow(3);
  expect(await other.pick(new Set())).toBe(key);
  other.forgive(key);
  expect(await strikesInARow(1)).toEqual([1_000]);
});

test('who has asked before the first strike forgives nothing', async () => {
  await pool.pick(new Set());
  await strikesInARow(1);
  pool.forgive(key);
  expect(await strikesInARow(1)).toEqual([2_000]);
});
