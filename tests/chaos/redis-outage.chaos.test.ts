import { randomUUID } from 'node:crypto';
import { NATIVE_NAMESPACE } from '@parley/contracts';
import { Cluster, OwnedRedis, ScriptedProvider, answer, pieces, waitFor } from '@parley/testkit';
import { setTimeout as lasting } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RecordingClient } from '../e2e/clients/recording-client.ts';
import { call } from '../e2e/clients/rest-client.ts';

const WORDS = Array.from({ length: 60 }, (_, index) => `word-${index} 👋 `);
const TEXT = WORDS.join('');

let provider: ScriptedProvider;
let redis: OwnedRedis;
let cluster: Cluster;

beforeEach(async () => {
  provider = await ScriptedProvider.start();
  redis = await OwnedRedis.start({ appendOnly: true });
  // Two workers, one conversation: one of them streams when Redis goes, the other waits for work.
  cluster = await Cluster.start({ gateways: 2, workers: 2, provider, redis });
});
afterEach(async () => {
  await cluster.stop();
  await redis.stop();
  await provider.stop();
});

const gateway = (index: number): string => cluster.gateways[index]?.url ?? '';
const native = (index: number): Promise<RecordingClient> =>
  RecordingClient.connect(`${gateway(index)}${NATIVE_NAMESPACE}`);

/** Whatever the pieces say, put together as a client would: a new epoch starts the text again. */
function shown(client: RecordingClient, answerId: unknown): string {
  let epoch = 0;
  let text = '';
  for (const { event, payload } of client.events) {
    if (payload.answerId !== answerId) continue;
    if ((payload.epoch as number) > epoch) {
      epoch = payload.epoch as number;
      text = '';
    }
    if (event !== 'answer-piece') continue;
    expect([payload.epoch, payload.offset]).toEqual([epoch, text.length]);
    text += payload.text as string;
  }
  return text;
}

async function stored(conversationId: string): Promise<string[]> {
  const { body } = await call(gateway(0), `/api/conversations/${conversationId}`);
  return body.messages.map(({ content }: { content: string }) => content);
}

async function streamThrough(fault: () => Promise<void>): Promise<void> {
  const conversationId = randomUUID();
  using visitor = await native(0);
  using watcher = await native(1);
  await watcher.ask('resume', { conversationId });
  provider.script(pieces(WORDS, { everyMs: 50 }));
  const ack = await visitor.ask('send', { conversationId, clientMessageId: randomUUID(), content: 'Go' });
  await watcher.until('answer-piece');
  await fault();
  for (const client of [visitor, watcher]) {
    const ended = await client.until('answer-ended', () => true, 60_000);
    expect(ended).toMatchObject({ id: ack.answerId, status: 'complete', content: TEXT });
    expect(TEXT.startsWith(shown(client, ack.answerId))).toBe(true);
    expect(client.all('answer-ended')).toHaveLength(1);
  }
  expect(await stored(conversationId)).toEqual(['Go', TEXT]);
  expect(provider.requests.length).toBeLessThanOrEqual(2);

  provider.script(answer('Still here'));
  using later = await native(1);
  const next = { conversationId, clientMessageId: randomUUID(), content: 'And now?' };
  const again = async () => (await later.ask('send', next)).ok === true;
  await waitFor(again, { what: 'a send to be taken again', deadlineMs: 30_000 });
  await later.until('answer-ended', () => true, 30_000);
  expect(await stored(conversationId)).toEqual(['Go', TEXT, 'And now?', 'Still here']);
}

describe.each([3, 7, 20, 60])('Redis away for %i s', seconds => {
  test.each(['killed', 'hung'] as const)('%s: nothing is lost, and all goes on by itself', async how => {
    await streamThrough(async () => {
      using impatient = await native(0);
      if (how === 'killed') await redis.kill();
      else redis.pause();
      const away = lasting(seconds * 1000);
      // Quick, either way: refused with the time to try again, or stored and answered later.
      const quick = await impatient.ask('send', {
        conversationId: randomUUID(),
        clientMessageId: randomUUID(),
        content: 'In between',
      });
      if (quick.ok !== true)
        expect(quick).toMatchObject({ error: { retryAfterMs: expect.any(Number) as number } });
      await away;
      if (how === 'killed') await redis.restart();
      else redis.resume();
    });
  });
});

test('Redis emptied in mid-stream: the answer is whole, and nothing is deaf afterwards', async () => {
  await streamThrough(async () => {
    const admin = new Redis(redis.url);
    await admin.flushall();
    await admin.quit();
  });
});

test('Redis restarted without its data in mid-stream', async () => {
  await streamThrough(async () => {
    await redis.kill();
    await redis.restart({ keepData: false });
  });
});

test('subscribers cut off and scripts forgotten in mid-stream', async () => {
  await streamThrough(async () => {
    const admin = new Redis(redis.url);
    await admin.call('SCRIPT', 'FLUSH');
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await admin.quit();
  });
});

test('memory full: sends are refused with a code that invites to try again, and work when there is room', async () => {
  const admin = new Redis(redis.url);
  const conversationId = randomUUID();
  using visitor = await native(0);
  await visitor.ask('resume', { conversationId });
  await admin.config('SET', 'maxmemory', '1mb');
  const during = { conversationId, clientMessageId: randomUUID(), content: 'Full?' };
  await visitor.ask('send', during);
  await admin.config('SET', 'maxmemory', '0');
  provider.script(answer('Room again'));
  await waitFor(async () => (await visitor.ask('send', during)).ok === true, {
    what: 'the send to be taken',
    deadlineMs: 20_000,
  });
  await visitor.until('answer-ended', () => true, 30_000);
  expect(await stored(conversationId)).toEqual(['Full?', 'Room again']);
  await admin.quit();
});
