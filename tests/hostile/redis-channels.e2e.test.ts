import { randomUUID } from 'node:crypto';
import { redisNames } from '@parley/contracts';
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

testAftermath(() => arena, PLANTED);
