import { randomUUID } from 'node:crypto';
import { redisNames, type Message } from '@parley/contracts';
import { OwnedRedis } from '@parley/testkit';
import { Redis } from 'ioredis';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { AnswerLog, type AnswerRef } from './answer-log.ts';

let redis: Redis;
let log: AnswerLog;
let answer: AnswerRef;
let stored: Message;

beforeEach(async () => {
  const server = await OwnedRedis.start();
  onTestFinished(() => server.stop());
  redis = new Redis(server.url);
  onTestFinished(() => void redis.quit());
  log = new AnswerLog(redis);
  answer = { conversationId: randomUUID(), answerId: `a_${randomUUID()}` };
  const at = new Date().toISOString();
  stored = {
    ...{ id: answer.answerId, conversationId: answer.conversationId, seq: 2, role: 'assistant' },
    ...{ content: 'text', status: 'complete', createdAt: at, updatedAt: at, epoch: 2 },
  };
});

test('what an epoch has shown is kept while the next one has no text, and is what is sealed then', async () => {
  await log.open(answer, 1);
  await log.append(answer, 1, 0, 'shown');
  // The second time as a connection that broke sends it.
  for (let n = 0; n < 2; n++) expect(await log.open(answer, 2)).toBe('ok');
  expect(await log.read(answer)).toEqual({ epoch: 2, state: 'streaming', text: '' });
  await log.open(answer, 3);
  for (let n = 0; n < 2; n++) expect(await log.seal(answer, 4)).toEqual({ text: 'shown' });
  expect(await log.read(answer)).toEqual({ epoch: 4, state: 'finished', text: 'shown' });
});

test('what an epoch has shown gives way to the text of a later one', async () => {
  await log.open(answer, 1);
  await log.append(answer, 1, 0, 'shown before');
  await log.open(answer, 2);
  await log.append(answer, 2, 0, 'shown');
  expect(await log.seal(answer, 3)).toEqual({ text: 'shown' });
});

test.each([
  ['stored', () => log.retire(stored)],
  ['forgotten', () => log.forget(answer.conversationId, [answer.answerId])],
])('of an answer that is %s, nothing of an epoch before is left', async (_, end) => {
  await log.open(answer, 1);
  await log.append(answer, 1, 0, 'shown');
  await log.open(answer, 2);
  const { before } = redisNames.answer(answer.conversationId, answer.answerId);
  expect(await redis.pttl(before)).toBeGreaterThan(0);
  await end();
  expect(await redis.exists(before)).toBe(0);
});
