import { randomUUID } from 'node:crypto';
import { redisNames } from '@parley/contracts';
import { OwnedRedis, waitFor } from '@parley/testkit';
import { Redis } from 'ioredis';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import type { AnswerRef } from './answer-log.ts';
import { AnswerHeartbeat } from './heartbeat.ts';

let redis: Redis;
let answer: AnswerRef;

beforeEach(async () => {
  const server = await OwnedRedis.start();
  onTestFinished(() => server.stop());
  redis = new Redis(server.url);
  onTestFinished(() => void redis.quit());
  answer = { conversationId: randomUUID(), answerId: `a_${randomUUID()}` };
});

const start = async (): Promise<AnswerHeartbeat> =>
  AnswerHeartbeat.start(redis, answer, error => {
    throw error;
  });
const isAlive = async (): Promise<boolean> => AnswerHeartbeat.isAlive(redis, answer);

test('a heartbeat is there from its start to its end', async () => {
  {
    using _ = await start();
    expect(await isAlive()).toBe(true);
  }
  expect(await isAlive()).toBe(false);
});

test('a heartbeat beats again before it is gone', async () => {
  using _ = await start();
  const key = redisNames.heartbeat(answer.conversationId, answer.answerId);
  // As if it had not beaten for two seconds.
  await redis.pexpire(key, 1_500);
  await waitFor(async () => (await redis.pttl(key)) > 2_000, { what: 'another beat' });
});

test('who has lost the answer does not end the heartbeat of whoever has it now', async () => {
  const lost = await start();
  using _ = await start();
  lost[Symbol.dispose]();
  // Behind whatever the disposal has sent.
  await redis.ping();
  expect(await isAlive()).toBe(true);
});
