import { randomUUID } from 'node:crypto';
import { redisNames } from '@parley/contracts';
import { closeRedis, connectRedis, createLogger } from '@parley/platform';
import { OwnedRedis, waitFor } from '@parley/testkit';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { Presence } from './presence.ts';

const log = createLogger({ service: 'test', level: 'silent' });
const FIVE_MINUTES_MS = 300_000;

// Whose gateways there are, exists once in a Redis.
let owned: OwnedRedis;
let redis: Redis;

beforeAll(async () => {
  owned = await OwnedRedis.start();
  redis = connectRedis(owned.url, 'commands', log);
  await waitFor(() => redis.status === 'ready', { what: 'redis' });
});
afterAll(async () => {
  await closeRedis(redis);
  await owned.stop();
});

function gateway(): { id: string; presence: Presence } {
  const id = randomUUID();
  const presence = new Presence(redis, id, log, () => undefined);
  onTestFinished(() => presence.stop());
  return { id, presence };
}

const isActive = async (presence: Presence, conversationId: string): Promise<boolean> =>
  (await presence.active([conversationId])).has(conversationId);

test('what a gateway writes goes by itself, also if it is killed before its first beat', async () => {
  const { id, presence } = gateway();
  presence.entered(randomUUID());
  const key = redisNames.presence(id);
  await waitFor(async () => (await redis.exists(key)) === 1, { what: 'the conversation to be written' });
  expect(await redis.pttl(key)).toBeGreaterThan(0);
  presence.start();
  await waitFor(async () => (await redis.exists(redisNames.gateways)) === 1, { what: 'the first beat' });
  expect(await redis.pttl(redisNames.gateways)).toBeGreaterThan(0);
});

test.for([
  ['ahead', FIVE_MINUTES_MS],
  ['behind', -FIVE_MINUTES_MS],
] as const)(
  'a gateway whose clock is five minutes %s sees the others, and they see it',
  async ([, offset]) => {
    const [here, there] = [gateway().presence, gateway().presence];
    const [mine, yours] = [randomUUID(), randomUUID()];
    here.start();
    here.entered(mine);
    await waitFor(() => isActive(here, mine), { what: 'the conversation here' });
    const time = Date.now();
    vi.spyOn(Date, 'now').mockReturnValue(time + offset);
    there.start();
    there.entered(yours);
    await waitFor(() => isActive(there, yours), { what: 'the conversation there' });
    expect(await isActive(there, mine)).toBe(true);
    vi.restoreAllMocks();
    expect(await isActive(here, yours)).toBe(true);
  },
);

test('a Redis that has lost everything is told again', async () => {
  const { presence } = gateway();
  presence.start();
  const conversations = Array.from({ length: 2_500 }, () => randomUUID());
  for (const conversationId of conversations) presence.entered(conversationId);
  const all = async (): Promise<boolean> =>
    (await presence.active(conversations)).size === conversations.length;
  await waitFor(all, { what: 'all conversations' });
  await redis.flushall();
  await waitFor(all, { what: 'all conversations once more' });
});
