import { randomUUID } from 'node:crypto';
import { setTimeout as lasting } from 'node:timers/promises';
import { waitFor } from '@parley/testkit';
import { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import type { RecordingClient } from '../e2e/clients/recording-client.ts';
import { OutageWorld } from './outage-world.ts';

/** Quick, either way: stored, and answered later, or refused with the time to try again. */
async function takenOrRefused(client: RecordingClient, message: object): Promise<boolean> {
  const reply = await client.ask('send', message);
  if (reply.ok !== true)
    expect(reply).toMatchObject({ error: { code: 'BUSY', retryAfterMs: expect.any(Number) as number } });
  return reply.ok === true;
}

/** Takes Redis away for so long; meanwhile a visitor sends something. */
async function takeAway(world: OutageWorld, how: 'killed' | 'hung', seconds: number): Promise<void> {
  using impatient = await world.client(0);
  const inBetween = { conversationId: randomUUID(), clientMessageId: randomUUID(), content: 'In between' };
  if (how === 'killed') await world.redis.kill();
  else world.redis.pause();
  const away = lasting(seconds * 1000);
  const isTaken = await takenOrRefused(impatient, inBetween);
  await away;
  if (how === 'killed') await world.redis.restart();
  else world.redis.resume();
  if (!isTaken) return;
  const answered = async (): Promise<boolean> => (await world.stored(inBetween.conversationId)).length === 2;
  await waitFor(answered, { what: 'what was taken in between to be answered', deadlineMs: 60_000 });
}

describe.concurrent.each([60, 20, 7, 3])('Redis away for %i s', seconds => {
  test.each(['killed', 'hung'] as const)(
    '%s: nothing is lost or asked again, and all goes on by itself',
    async how => {
      await using world = await OutageWorld.start();
      await world.streamThrough(() => takeAway(world, how, seconds), 1);
    },
  );
});

describe.concurrent('Redis damaged in mid-stream', () => {
  test('emptied: the answer is whole, and nothing is deaf afterwards', async () => {
    await using world = await OutageWorld.start();
    const admin = new Redis(world.redis.url);
    await world.streamThrough(async () => {
      await admin.flushall();
    });
    await admin.quit();
  });

  test('restarted without its data', async () => {
    await using world = await OutageWorld.start();
    await world.streamThrough(async () => {
      await world.redis.kill();
      await world.redis.restart('none');
    });
  });

  test('subscribers cut off and scripts forgotten', async () => {
    await using world = await OutageWorld.start();
    const admin = new Redis(world.redis.url);
    await world.streamThrough(async () => {
      await admin.call('SCRIPT', 'FLUSH');
      await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    });
    await admin.quit();
  });

  test('memory full: sends are taken or refused, and all is well when there is room', async () => {
    await using world = await OutageWorld.start();
    const admin = new Redis(world.redis.url);
    const conversationId = randomUUID();
    const during = { conversationId, clientMessageId: randomUUID(), content: 'Full?' };
    using visitor = await world.client(0);
    await world.streamThrough(async () => {
      await admin.config('SET', 'maxmemory', '1mb');
      await takenOrRefused(visitor, during);
      await world.untilRunFailed();
      await admin.config('SET', 'maxmemory', '0');
    });
    expect(await visitor.ask('send', during)).toMatchObject({ ok: true });
    const answered = async (): Promise<boolean> => (await world.stored(conversationId)).length === 2;
    await waitFor(answered, { what: 'what was said meanwhile to be answered', deadlineMs: 30_000 });
    expect(world.provider.requests.filter(({ prompt }) => prompt === 'Full?')).toHaveLength(1);
    await admin.quit();
  });
});
