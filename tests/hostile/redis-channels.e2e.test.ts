import { randomUUID } from 'node:crypto';
import { NATIVE_NAMESPACE, redisNames } from '@parley/contracts';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nativeClient } from '../e2e/clients/native-client.ts';
import { RecordingClient } from '../e2e/clients/recording-client.ts';
import { testAftermath } from './aftermath.ts';
import { Arena } from './arena.ts';

let arena: Arena;
let redis: Redis;

beforeAll(async () => {
  arena = await Arena.start();
  redis = new Redis(arena.cluster.redis.url);
});
afterAll(async () => {
  await redis.quit();
  await arena.stop();
});

const PLANTED = 'planted-by-a-stranger';

/** What a stranger, or a process of some other version, could say on any channel. */
const rubbish = [
  '',
  'null',
  '[]',
  '{',
  '"text"',
  '\u0000',
  'x'.repeat(1_000_000),
  '{"type":"unknown"}',
  '{"type":"__proto__"}',
  JSON.stringify({ type: 'answer.started', answerId: 7, epoch: 1 }),
  JSON.stringify({ type: 'answer.delta', answerId: 'a_1', epoch: -1, offset: 0, text: PLANTED }),
  JSON.stringify({ type: 'answer.delta', answerId: 'a_1', epoch: 1, offset: 0, text: { $ne: PLANTED } }),
  JSON.stringify({ type: 'message.stored', message: { id: 'm_1', content: PLANTED } }),
  JSON.stringify({ type: 'answer.stored', message: null }),
  JSON.stringify({ type: 'conversation.mode', mode: 'robot' }),
  JSON.stringify({ type: 'message.added', message: { content: PLANTED } }),
  JSON.stringify({ type: 'conversation.changed', conversationId: { $ne: 1 } }),
  JSON.stringify({ type: 'answer.fenced', answerId: 'a_1' }),
];

test('S16 rubbish on the channels shows nothing to anybody and harms nobody', async () => {
  const conversationId = randomUUID();
  using native = await nativeClient(arena.url);
  await native.ask('resume', { conversationId });
  using stream = await RecordingClient.connect(arena.url);
  await stream.ask('join_conversation', { conversationId });
  using admin = await RecordingClient.connect(arena.url, { auth: { token: arena.cluster.adminToken } });
  await admin.ask('admin-connect');
  const heard = [native, stream, admin].map(({ events }) => events.length);
  const channels = [
    redisNames.conversationChannel(conversationId),
    redisNames.activityChannel,
    redisNames.controlChannel,
  ];
  for (const channel of channels) {
    for (const payload of rubbish) {
      const hearers = await redis.publish(channel, payload);
      expect(hearers).toBeGreaterThan(0);
    }
  }
  // A piece of an answer that nobody produces: the answer log knows nothing of it, so nobody is shown it.
  const forged = {
    type: 'answer.delta',
    answerId: `a_${'x'.repeat(22)}`,
    epoch: 1,
    offset: 0,
    text: PLANTED,
  };
  await redis.publish(redisNames.conversationChannel(conversationId), JSON.stringify(forged));

  await arena.chat();
  const told = [native, stream, admin].map(({ events }, index) => JSON.stringify(events.slice(heard[index])));
  for (const events of told) expect(events).not.toContain(PLANTED);
  expect(native.events).toHaveLength(heard[0] ?? NaN);
});

/** What the adapter takes apart: its own encodings, whole and broken, with anything in the place of everything. */
const adapterRubbish: (string | Buffer)[] = [
  ...rubbish,
  Buffer.from([0xc1]),
  Buffer.from([0x93, 0xa1]),
  Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff]),
  // ["x", { data: 1 }], ["x", { type: 2 }, 7], [null]: a message whose packet, or whose options, are none.
  Buffer.from('92a17881a46461746101', 'hex'),
  Buffer.from('93a17881a4747970650207', 'hex'),
  Buffer.from('91c0', 'hex'),
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 99].flatMap(type => [
    JSON.stringify({ type }),
    JSON.stringify({ type, requestId: 'r', uid: 'x' }),
    JSON.stringify({ type, requestId: 'r', opts: 7, rooms: 7, packet: PLANTED, data: 7 }),
    JSON.stringify({ type, requestId: 'r', opts: {}, rooms: [], packet: { type: PLANTED }, data: [] }),
  ]),
  ...['error', 'connection', 'heard-everywhere', 'presence-changed', '__proto__'].flatMap(event => [
    JSON.stringify({ type: 6, data: [event] }),
    JSON.stringify({ type: 6, data: [event, { $ne: PLANTED }] }),
    JSON.stringify({ type: 6, data: [event, PLANTED, PLANTED] }),
    JSON.stringify({ type: 6, requestId: 'r', data: [event, { data: { session: PLANTED } }] }),
  ]),
];

test('S16 nor does rubbish on the channels by which gateways talk to each other and to themselves', async () => {
  const own = (await redis.pubsub('CHANNELS', `${redisNames.selfTestChannel('')}*`)) as string[];
  expect(own).toHaveLength(1);
  const ofNamespaces = ['/', NATIVE_NAMESPACE].flatMap(namespace => [
    `${redisNames.socketAdapter}#${namespace}#`,
    `${redisNames.socketAdapter}-request#${namespace}#`,
    `${redisNames.socketAdapter}-response#${namespace}#`,
  ]);
  using visitor = await nativeClient(arena.url);
  await arena.withstands(async () => {
    for (const channel of [...own, ...ofNamespaces])
      for (const payload of adapterRubbish) expect(await redis.publish(channel, payload)).toBeGreaterThan(0);
  });
  expect(JSON.stringify(visitor.events)).not.toContain(PLANTED);
  expect(visitor.socket.connected).toBe(true);
});

testAftermath(() => arena, PLANTED);
