import { randomUUID } from 'node:crypto';
import {
  Cluster,
  ScriptedProvider,
  holdAfter,
  pieces,
  readMetric,
  waitFor,
  type ServiceProcess,
} from '@parley/testkit';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DeafLink } from './clients/deaf-link.ts';
import { nativeClient, send } from './clients/native-client.ts';
import { RecordingClient } from './clients/recording-client.ts';
import { call } from './clients/rest-client.ts';

let provider: ScriptedProvider;
let cluster: Cluster;
let redis: Redis;
let a: ServiceProcess;
let b: ServiceProcess;

beforeAll(async () => {
  provider = await ScriptedProvider.start();
  cluster = await Cluster.start({ gateways: 2, provider });
  redis = new Redis(cluster.redis.url);
  [a, b] = cluster.gateways as [ServiceProcess, ServiceProcess];
});
afterAll(async () => {
  await redis.quit();
  await cluster.stop();
  await provider.stop();
});

/** Takes gateway A's ears; it stands still until `a.resume()`, so that it gets no new ones before that. */
async function deafen(): Promise<void> {
  a.pause();
  await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
}

test('a conversation deleted while a gateway is deaf and an answer is under way: its clients learn it, once', async () => {
  provider.script(pieces(['One', ' two'], { faults: [holdAfter(1)] }));
  const conversationId = randomUUID();
  using stream = await RecordingClient.connect(a.url);
  await stream.ask('join_conversation', { conversationId });
  using native = await nativeClient(a.url);
  await native.ask('resume', { conversationId });
  await send(native, conversationId, 'Go');
  await native.until('answer-piece');
  await stream.until('stream_chunk');

  await deafen();
  expect((await call(b.url, `/api/conversations/${conversationId}`, { method: 'DELETE' })).status).toBe(200);
  a.resume();
  await native.until('deleted');
  await stream.until('error', ({ code }) => code === 'CONVERSATION_NOT_FOUND');
  await waitFor(async () => (await readMetric(a.url, 'parley_gateway_feeds_behind')) === 0, {
    what: 'the feeds to catch up',
  });
  expect(native.all('deleted')).toHaveLength(1);
  expect(stream.all('error')).toHaveLength(1);
  expect(a.logs.filter(line => line.includes('not repaired yet'))).toEqual([]);
});

test('more is said while a gateway is deaf than fits in one reading, and its clients get all of it', async () => {
  const conversationId = randomUUID();
  using native = await nativeClient(a.url);
  await native.ask('resume', { conversationId });
  using admin = await nativeClient(b.url, cluster.adminToken);
  const say = (content: string): Promise<unknown> =>
    admin.ask('say-as-admin', { conversationId, clientMessageId: randomUUID(), content });
  await say('Hello');
  await native.until('message');
  const said = Array.from({ length: 45 }, (_, index) => `Message ${index}`);
  await deafen();
  for (const content of said) await say(content);
  a.resume();
  await waitFor(() => native.all('message').length > said.length, {
    what: 'all that was said',
    deadlineMs: 20_000,
  });
  const contents = native.all('message').map(({ content }) => content);
  expect(contents).toHaveLength(said.length + 1);
  expect(new Set(contents)).toEqual(new Set(['Hello', ...said]));
});

test('a gateway whose subscriber is deaf although its connection is up says so, gets a new one and tells what was missed', async () => {
  await using link = await DeafLink.start(cluster.redis.port);
  const gateway = await cluster.addGateway({ REDIS_URL: `redis://127.0.0.1:${link.port}` });
  const isReady = async (): Promise<boolean> => (await fetch(`${gateway.url}/readyz`)).ok;
  await waitFor(isReady, { what: 'the gateway to be ready' });
  const conversationId = randomUUID();
  using visitor = await nativeClient(gateway.url);
  await visitor.ask('resume', { conversationId });
  using admin = await nativeClient(b.url, cluster.adminToken);

  link.deafen();
  const said = { conversationId, clientMessageId: randomUUID(), content: 'Do you hear me?' };
  expect(await admin.ask('say-as-admin', said)).toMatchObject({ ok: true });
  await waitFor(async () => !(await isReady()), { what: 'it to be noticed', deadlineMs: 15_000 });
  const reasons = (await (await fetch(`${gateway.url}/readyz`)).json()) as { reasons: string[] };
  expect(reasons.reasons).toContain('the subscriber is deaf');

  await visitor.until('message', ({ content }) => content === said.content, 20_000);
  await waitFor(isReady, { what: 'the gateway to be ready again', deadlineMs: 15_000 });
  expect(await readMetric(gateway.url, 'parley_gateway_deaf_rebuilds_total')).toBe(1);
  expect(await gateway.terminate()).toBe(0);
}, 60_000);
