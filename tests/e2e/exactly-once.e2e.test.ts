import { randomUUID } from 'node:crypto';
import { Cluster, ScriptedProvider, answer, holdAfter, pieces, readMetric, waitFor } from '@parley/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nativeClient } from './clients/native-client.ts';
import { RecordingClient } from './clients/recording-client.ts';
import { call } from './clients/rest-client.ts';

const LOG_KEPT_MS = 30_000;

let provider: ScriptedProvider;
let cluster: Cluster;
let urlA: string;
let urlB: string;

beforeAll(async () => {
  provider = await ScriptedProvider.start();
  cluster = await Cluster.start({ gateways: 2, workers: 2, provider });
  [urlA, urlB] = cluster.gateways.map(({ url }) => url) as [string, string];
});
afterAll(async () => {
  await cluster.stop();
  await provider.stop();
});

test('a message sent twice with the same key, at once on two gateways, is stored once and answered once', async () => {
  provider.script(answer('Only once'));
  const conversationId = randomUUID();
  using here = await nativeClient(urlA);
  using there = await nativeClient(urlB);
  // As every client does. One that only sends is told what happens from its acknowledgement on, which may be the end already.
  for (const client of [here, there]) await client.ask('resume', { conversationId });
  const asked = provider.requests.length;
  const send = { conversationId, clientMessageId: randomUUID(), content: 'Hello' };
  const acks = await Promise.all([here.ask('send', send), there.ask('send', send), here.ask('send', send)]);
  expect(acks[0]).toMatchObject({ ok: true, answerId: expect.any(String) as string });
  for (const ack of acks) expect(ack).toEqual(acks[0]);
  for (const client of [here, there]) await client.until('answer-ended');
  expect(await there.ask('send', send)).toEqual(acks[0]);

  const { body } = await call(urlA, `/api/conversations/${conversationId}`);
  expect(body.messages.map(({ content }: { content: string }) => content)).toEqual(['Hello', 'Only once']);
  expect(provider.requests.length - asked).toBe(1);
  for (const client of [here, there]) expect(client.all('answer-ended')).toHaveLength(1);
});

test('pieces tell where they belong, and a resume on another gateway gives exactly the rest', async () => {
  provider.scriptNext(pieces(['Hello', ' brave', ' new', ' world'], { faults: [holdAfter(2)] }));
  const conversationId = randomUUID();
  using first = await nativeClient(urlA);
  const ack = await first.ask('send', { conversationId, clientMessageId: randomUUID(), content: 'Hi' });
  await first.until('answer-piece', ({ offset }) => offset === 5);
  const { handle } = await first.until('answer-started');
  expect(first.all('answer-started')).toEqual([
    { conversationId, answerId: ack.answerId, epoch: 1, handle: expect.any(Number) as number },
  ]);
  expect(first.all('piece')).toEqual([
    [handle, 0, 'Hello'],
    [handle, 5, ' brave'],
  ]);
  first.socket.disconnect();

  using second = await nativeClient(urlB);
  const positions = [{ answerId: ack.answerId, epoch: 1, offset: 5 }];
  const resumed = await second.ask('resume', { conversationId, positions });
  expect(resumed).toMatchObject({
    ok: true,
    conversationId,
    mode: 'ai',
    pieces: [{ conversationId, answerId: ack.answerId, epoch: 1, offset: 5, text: ' brave' }],
  });
  provider.release();
  expect(await second.until('answer-piece')).toMatchObject({ answerId: ack.answerId, offset: 11 });
  const ended = await second.until('answer-ended');
  expect(ended).toMatchObject({
    id: ack.answerId,
    content: 'Hello brave new world',
    status: 'complete',
    epoch: 1,
  });
});

test('a worker killed in mid-stream: another one finishes the answer, once, in a new epoch', async () => {
  provider.scriptNext(pieces(['This', ' will', ' die'], { faults: [holdAfter(2)] }));
  provider.script(pieces(['This', ' is', ' whole']));
  const conversationId = randomUUID();
  using visitor = await RecordingClient.connect(urlA);
  using watcher = await nativeClient(urlB);
  await watcher.ask('resume', { conversationId });
  const asked = provider.requests.length;
  visitor.say('stream_chat', { message: 'Go on', conversationId });
  await visitor.until('stream_chunk', ({ content }) => content === 'This will');

  const logged = await Promise.all(
    cluster.workers.map(async worker => ({
      worker,
      active: await readMetric(worker.url, 'parley_active_answers'),
    })),
  );
  const busy = logged.find(({ active }) => active === 1)?.worker;
  expect(busy).toBeDefined();
  const killedAt = performance.now();
  await busy?.kill();
  await watcher.until('answer-started', ({ epoch }) => epoch === 2, 15_000);
  console.log(`new epoch ${Math.round(performance.now() - killedAt)} ms after SIGKILL`);
  await visitor.until('stream_complete', () => true, 15_000);
  // On another gateway, which may hear of it later.
  await watcher.until('answer-ended');

  expect(visitor.all('stream_start')).toHaveLength(1);
  expect(visitor.all('stream_chunk').at(-1)).toMatchObject({ content: 'This is whole', isComplete: true });
  expect(visitor.all('stream_complete')).toHaveLength(1);
  expect(watcher.all('answer-ended')).toMatchObject([
    { content: 'This is whole', status: 'complete', epoch: 2 },
  ]);
  expect(provider.requests.length - asked).toBe(2);
  await busy?.restart();
});

test('a gateway killed in mid-stream: its client goes on elsewhere, and the model is not asked again', async () => {
  provider.scriptNext(pieces(['Half', ' and half'], { faults: [holdAfter(1)] }));
  const doomed = await cluster.addGateway();
  const conversationId = randomUUID();
  using visitor = await RecordingClient.connect(doomed.url, { reconnection: false });
  const asked = provider.requests.length;
  visitor.say('stream_chat', { message: 'x', conversationId });
  await visitor.until('stream_chunk');
  await doomed.kill();
  using again = await RecordingClient.connect(urlB);
  await again.ask('join_conversation', { conversationId });
  expect(again.all('stream_chunk')).toMatchObject([{ content: 'Half' }]);
  provider.release();
  await again.until('stream_complete');
  expect(again.all('stream_chunk').at(-1)).toMatchObject({ content: 'Half and half', isComplete: true });
  expect(provider.requests.length - asked).toBe(1);
});

test('history restarted, and killed: all data is kept, and what finished meanwhile is stored', async () => {
  provider.scriptNext(pieces(['Stored', ' late'], { faults: [holdAfter(1)] }));
  const [history] = cluster.histories;
  const conversationId = randomUUID();
  using visitor = await RecordingClient.connect(urlA);
  visitor.say('stream_chat', { message: 'Keep this', conversationId });
  await visitor.until('stream_chunk');
  await history?.kill();
  provider.release();
  const refused = await visitor.ask('stream_chat', { message: 'Not now', conversationId });
  expect(refused).toMatchObject({
    ok: false,
    error: { code: 'HISTORY_UNAVAILABLE', retryAfterMs: expect.any(Number) as number },
  });
  await history?.restart();
  await visitor.until('stream_complete', () => true, 15_000);
  const { body } = await call(urlB, `/api/conversations/${conversationId}`);
  expect(body.messages.map(({ content }: { content: string }) => content)).toEqual([
    'Keep this',
    'Stored late',
  ]);
});

test('when all is done nothing is left in Redis that should not be', async () => {
  const { Redis } = await import('ioredis');
  const redis = new Redis(cluster.redis.url);
  const leftovers = async (): Promise<string[]> => {
    const keys = await redis.keys('*');
    return keys.filter(key => !/^\{parley\}:(answers|history):(meta|events|id|marker)$/.test(key));
  };
  /** For good, or for longer than a stored answer's log is kept for readers that are on their way to it. */
  const overstays = async (key: string): Promise<boolean> => {
    const left = await redis.pttl(key);
    return left === -1 || (key.startsWith('parley:{') && (left > LOG_KEPT_MS || key.endsWith(':live')));
  };
  const overdue = async (): Promise<string[]> => {
    const keys = await leftovers();
    const late = await Promise.all(keys.map(overstays));
    return keys.filter((_, index) => late[index]);
  };
  await waitFor(async () => (await overdue()).length === 0, {
    what: 'every key that is left to be on its way out',
  }).catch(async (error: unknown) => {
    throw new Error(`${String(error)}: ${(await overdue()).join(', ')}`);
  });
  await redis.quit();
});
