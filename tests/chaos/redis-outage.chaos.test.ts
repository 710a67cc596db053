import { randomUUID } from 'node:crypto';
import { setTimeout as lasting } from 'node:timers/promises';
import { waitFor } from '@parley/testkit';
import { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import { OutageWorld } from './outage-world.ts';

/** Takes Redis away for so long; meanwhile a visitor sends something. */
async function takeAway(world: OutageWorld, how: 'killed' | 'hung', seconds: number): Promise<void> {
  using impatient = await world.client(0);
  const inBetween = { conversationId: randomUUID(), clientMessageId: randomUUID(), content: 'In between' };
  if (how === 'killed') await world.redis.kill();
  else world.redis.pause();
  const away = lasting(seconds * 1000);
  // Quick, either way: refused with the time to try again, or stored, and answered later.
  const quick = await impatient.ask('send', inBetween);
  if (quick.ok !== true)
    expect(quick).toMatchObject({ error: { retryAfterMs: expect.any(Number) as number } });
  await away;
  if (how === 'killed') await world.redis.restart();
  else world.redis.resume();
  if (quick.ok !== true) return;
  const answered = async (): Promise<boolean> => (await world.stored(inBetween.conversationId)).length === 2;
  await waitFor(answered, { what: 'what was taken in between to be answered', deadlineMs: 60_000 });
}

describe.concurrent.each([60, 20, 7, 3])('Redis away for %i s', seconds => {
  test.each(['killed', 'hung'] as const)('%s: nothing is lost, and all goes on by itself', async how => {
    await using world = await OutageWorld.start();
    await world.streamThrough(() => takeAway(world, how, seconds));
  });
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
      await world.redis.restart({ keepData: false });
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

  test('memory full: sends are refused or wait, and work when there is room', async () => {
    await using world = await OutageWorld.start();
    const admin = new Redis(world.redis.url);
    const conversationId = randomUUID();
    using visitor = await world.client(0);
    await visitor.ask('resume', { conversationId });
    await admin.config('SET', 'maxmemory', '1mb');
    const during = { conversationId, clientMessageId: randomUUID(), content: 'Full?' };
    await visitor.ask('send', during);
    await admin.config('SET', 'maxmemory', '0');
    const taken = async (): Promise<boolean> => (await visitor.ask('send', during)).ok === true;
    await waitFor(taken, { what: 'the send to be taken', deadlineMs: 20_000 });
    await visitor.until('answer-ended', () => true, 30_000);
    expect(await world.stored(conversationId)).toHaveLength(2);
    await admin.quit();
  });
});
