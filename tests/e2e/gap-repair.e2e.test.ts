import { randomUUID } from 'node:crypto';
import { Cluster, ScriptedProvider, answer, waitFor } from '@parley/testkit';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nativeClient } from './clients/native-client.ts';
import { RecordingClient } from './clients/recording-client.ts';

let provider: ScriptedProvider;
let cluster: Cluster;
let redis: Redis;
let urlA: string;
let urlB: string;

beforeAll(async () => {
  provider = await ScriptedProvider.start();
  cluster = await Cluster.start({ gateways: 2, provider });
  redis = new Redis(cluster.redis.url);
  [urlA, urlB] = cluster.gateways.map(({ url }) => url) as [string, string];
});
afterAll(async () => {
  await redis.quit();
  await cluster.stop();
  await provider.stop();
});

const deafen = (): Promise<unknown> => redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');

test('what people say while a gateway is deaf reaches its clients in every dialect, once', async () => {
  const conversationId = randomUUID();
  using native = await nativeClient(urlA);
  await native.ask('resume', { conversationId });
  using support = await RecordingClient.connect(urlA);
  await support.ask('init_session', { sessionId: conversationId });
  using admin = await nativeClient(urlB, cluster.adminToken);
  const said = ['one', 'two', 'three', 'four', 'five'];
  for (const content of said) {
    await deafen();
    await admin.ask('say-as-admin', { conversationId, clientMessageId: randomUUID(), content });
  }
  for (const client of [native, support]) {
    await waitFor(() => client.all('message').length === said.length, {
      what: 'all five',
      deadlineMs: 15_000,
    });
    // What is heard while the rest is being read comes first; `seq` and `timestamp` tell the order.
    expect(client.all('message').map(({ content }) => content)).toHaveLength(said.length);
    expect(new Set(client.all('message').map(({ content }) => content))).toEqual(new Set(said));
  }
});

test('an answer that begins and ends while a gateway is deaf reaches its clients', async () => {
  provider.script(answer('Quick'));
  const conversationId = randomUUID();
  using stream = await RecordingClient.connect(urlA);
  await stream.ask('join_conversation', { conversationId });
  using native = await nativeClient(urlA);
  await native.ask('resume', { conversationId });
  using other = await nativeClient(urlB);
  for (let turn = 1; turn <= 3; turn++) {
    await deafen();
    const turnOfTest = { conversationId, clientMessageId: randomUUID(), content: `Go ${turn}` };
    const taken = async (): Promise<boolean> => (await other.ask('send', turnOfTest)).ok === true;
    await waitFor(taken, { what: 'the send to be taken' });
    await waitFor(() => native.all('message').length === turn, {
      what: `question ${turn}`,
      deadlineMs: 15_000,
    });
    await waitFor(() => native.all('answer-ended').length === turn, {
      what: `answer ${turn}`,
      deadlineMs: 15_000,
    });
    await waitFor(() => stream.all('stream_complete').length === turn, {
      what: `answer ${turn}`,
      deadlineMs: 15_000,
    });
  }
  expect(native.all('message').map(({ content }) => content)).toEqual(['Go 1', 'Go 2', 'Go 3']);
  expect(stream.all('stream_start')).toHaveLength(3);
});
