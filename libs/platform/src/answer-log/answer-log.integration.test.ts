import { randomUUID } from 'node:crypto';
import { redisNames, type Message } from '@parley/contracts';
import { OwnedRedis } from '@parley/testkit';
import { Redis } from 'ioredis';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { AnswerLog, type AnswerRef } from './answer-log.ts';

let redis: Redis;
let subscriber: Redis;
let log: AnswerLog;
let answer: AnswerRef;
let heard: Record<string, unknown>[];

beforeEach(async () => {
  const server = await OwnedRedis.start();
  onTestFinished(() => server.stop());
  [redis, subscriber] = [connect(server.url), connect(server.url)];
  subscriber.on('message', (_channel, payload) => heard.push(JSON.parse(payload) as Record<string, unknown>));
  log = new AnswerLog(redis);
  answer = { conversationId: randomUUID(), answerId: `a_${randomUUID()}` };
  heard = [];
  await subscriber.subscribe(redisNames.conversationChannel(answer.conversationId));
});

function connect(url: string): Redis {
  const connection = new Redis(url);
  onTestFinished(async () => {
    await connection.quit();
  });
  return connection;
}

function stored(content: string): Message {
  const at = new Date().toISOString();
  return {
    ...{ id: answer.answerId, conversationId: answer.conversationId, seq: 2, role: 'assistant' },
    ...{ content, status: 'complete', createdAt: at, updatedAt: at, epoch: 1 },
  };
}

/** Frames and replies come on different connections: a round trip on the subscriber's makes sure that all are here. */
async function frames(): Promise<Record<string, unknown>[]> {
  await subscriber.ping();
  return heard;
}

test('what is appended can be read, is published with its place, and goes away by itself', async () => {
  expect(await log.open(answer, 1)).toBe('ok');
  expect(await log.append(answer, 1, 0, 'Grüße 👋')).toBe('ok');
  expect(await log.append(answer, 1, 8, ' 世界')).toBe('ok');
  expect(await log.read(answer)).toEqual({ epoch: 1, state: 'streaming', text: 'Grüße 👋 世界' });
  expect(await log.live(answer.conversationId)).toEqual([answer.answerId]);
  const { answerId } = answer;
  expect(await frames()).toEqual([
    { type: 'answer.started', answerId, epoch: 1 },
    { type: 'answer.delta', answerId, epoch: 1, offset: 0, text: 'Grüße 👋' },
    { type: 'answer.delta', answerId, epoch: 1, offset: 8, text: ' 世界' },
  ]);
  const { meta, text, live } = redisNames.answer(answer.conversationId, answerId);
  for (const key of [meta, text, live]) expect(await redis.pttl(key)).toBeGreaterThan(0);
});

test('pieces of many answers travel together, and each gets its own result', async () => {
  const others = [1, 2].map(() => ({ conversationId: randomUUID(), answerId: `a_${randomUUID()}` }));
  await log.open(answer, 1);
  for (const other of others) await log.open(other, 2);
  const pieces = [
    { answer, epoch: 1, offset: 0, text: 'one' },
    ...others.map((other, index) => ({ answer: other, epoch: 1 + index, offset: 0, text: 'two' })),
    { answer, epoch: 1, offset: 3, text: ' more' },
    { answer, epoch: 1, offset: 9, text: 'gap' },
  ];
  expect(await log.appendAll(pieces)).toEqual(['ok', 'replaced', 'ok', 'ok', 'missing']);
  expect(await log.read(answer)).toMatchObject({ text: 'one more' });
  expect((await frames()).slice(1)).toMatchObject([
    { offset: 0, text: 'one' },
    { offset: 3, text: ' more' },
  ]);
});

test('a piece without text asks whether there may be more, and nobody hears of it', async () => {
  await log.open(answer, 1);
  await log.append(answer, 1, 0, 'some');
  expect(await log.append(answer, 1, 4, '')).toBe('ok');
  expect(await log.append(answer, 1, 3, '')).toBe('missing');
  await log.fence(answer, 'stopping', 1);
  expect(await log.append(answer, 1, 4, '')).toBe('stopping');
  expect(await frames()).toHaveLength(2);
});

test('an append that arrives twice is written and published once', async () => {
  await log.open(answer, 1);
  await log.append(answer, 1, 0, 'once');
  expect(await log.append(answer, 1, 0, 'once')).toBe('ok');
  expect(await log.read(answer)).toMatchObject({ text: 'once' });
  expect(await frames()).toHaveLength(2);
});

test('a replaced worker is refused from the moment the next epoch is open', async () => {
  await log.open(answer, 1);
  await log.append(answer, 1, 0, 'old');
  expect(await log.open(answer, 2)).toBe('ok');
  expect(await log.append(answer, 1, 3, ' late')).toBe('replaced');
  expect(await log.restore(answer, 1, 'old late')).toBe('replaced');
  expect(await log.open(answer, 1)).toBe('replaced');
  expect(await log.read(answer)).toEqual({ epoch: 2, state: 'streaming', text: '' });
});

test('an opening that arrives twice is one, as long as nothing is written', async () => {
  expect(await log.open(answer, 1)).toBe('ok');
  expect(await log.open(answer, 1)).toBe('ok');
  expect(await frames()).toHaveLength(1);
  await log.append(answer, 1, 0, 'text');
  expect(await log.open(answer, 1)).toBe('replaced');
  await log.seal(answer, 2);
  expect(await log.open(answer, 2)).toBe('replaced');
  expect(await log.read(answer)).toMatchObject({ epoch: 2, text: 'text' });
});

test('a fenced answer takes no more text, and says why', async () => {
  await log.open(answer, 1);
  await log.append(answer, 1, 0, 'so far');
  await log.fence(answer, 'stopping', 1);
  expect(await log.append(answer, 1, 6, ' and on')).toBe('stopping');
  expect(await log.read(answer)).toEqual({ epoch: 1, state: 'stopping', text: 'so far' });
});

test('an epoch can be fenced before it is opened, and older ones with it', async () => {
  await log.open(answer, 1);
  await log.append(answer, 1, 0, 'old');
  await log.fence(answer, 'superseding', 2);
  expect(await log.append(answer, 1, 3, ' text')).toBe('replaced');
  expect(await log.open(answer, 2)).toBe('superseding');
  expect(await log.open(answer, 3)).toBe('ok');
});

test('a fence of an epoch that has not begun leaves the text of the one before to whoever ends the answer', async () => {
  await log.open(answer, 1);
  await log.append(answer, 1, 0, 'shown');
  await log.fence(answer, 'stopping', 2);
  expect(await log.read(answer)).toEqual({ epoch: 2, state: 'stopping', text: 'shown' });
  expect(await log.open(answer, 2)).toBe('stopping');
  expect(await log.seal(answer, 2)).toEqual({ text: 'shown', fence: 'stopping' });
  expect(await log.seal(answer, 3)).toEqual({ text: 'shown' });
});

test('a whole text stays whole when the next epoch is fenced before it begins', async () => {
  await log.open(answer, 1);
  await log.append(answer, 1, 0, 'whole');
  await log.finish(answer, 1, { status: 'complete' });
  await log.fence(answer, 'stopping', 2);
  const ending = { status: 'complete' };
  expect(await log.read(answer)).toEqual({ epoch: 2, state: 'stopping', text: 'whole', ending });
});

test('a log that Redis has lost is noticed at the next append and can be written again', async () => {
  await log.open(answer, 1);
  await log.append(answer, 1, 0, 'before');
  const { meta, text } = redisNames.answer(answer.conversationId, answer.answerId);
  await redis.del(meta, text);
  expect(await log.append(answer, 1, 6, ' after')).toBe('missing');
  expect(await log.restore(answer, 1, 'before')).toBe('ok');
  expect(await log.append(answer, 1, 6, ' after')).toBe('ok');
  expect(await log.read(answer)).toMatchObject({ text: 'before after' });
  expect(await log.live(answer.conversationId)).toEqual([answer.answerId]);
});

test.each(['stopping', 'superseding'] as const)(
  'a log that is %s stays so when its lost text is written again',
  async state => {
    await log.open(answer, 1);
    await log.append(answer, 1, 0, 'before');
    const { meta, text } = redisNames.answer(answer.conversationId, answer.answerId);
    await redis.del(meta, text);
    expect(await log.append(answer, 1, 6, ' after')).toBe('missing');
    await log.fence(answer, state, 1);
    expect(await log.restore(answer, 1, 'before')).toBe('ok');
    expect(await log.append(answer, 1, 6, ' after')).toBe(state);
    expect(await log.read(answer)).toEqual({ epoch: 1, state, text: 'before' });
  },
);

test('a fence of an epoch before does not hold up the restoring one', async () => {
  await log.fence(answer, 'stopping', 1);
  expect(await log.restore(answer, 2, 'text')).toBe('ok');
  expect(await log.append(answer, 2, 4, ' and more')).toBe('ok');
});

test('the text of a dead worker can be taken over, and the worker, if it was not dead, is refused', async () => {
  await log.open(answer, 1);
  await log.append(answer, 1, 0, 'half an ans');
  expect(await log.seal(answer, 2)).toEqual({ text: 'half an ans' });
  expect(await log.append(answer, 1, 11, 'wer')).toBe('replaced');
  expect(await log.seal(answer, 1)).toBeUndefined();
});

test.each(['stopping', 'superseding'] as const)(
  'an epoch that is %s stays so when it is sealed, and who seals it is told',
  async state => {
    await log.open(answer, 1);
    await log.append(answer, 1, 0, 'so far');
    await log.fence(answer, state, 1);
    const sealed = { text: 'so far', fence: state };
    for (let n = 0; n < 2; n++) expect(await log.seal(answer, 1)).toEqual(sealed);
    expect(await log.read(answer)).toEqual({ epoch: 1, state, text: 'so far' });
    expect(await log.restore(answer, 1, 'so far')).toBe('ok');
    expect(await log.append(answer, 1, 6, ' and on')).toBe(state);
  },
);

test('a sealed epoch can be fenced: it is not opened again for an apology', async () => {
  await log.seal(answer, 1);
  await log.fence(answer, 'stopping', 1);
  expect(await log.restore(answer, 1, '')).toBe('ok');
  expect(await log.append(answer, 1, 0, 'Sorry.')).toBe('stopping');
});

test('an epoch is not held to the fence of the one before', async () => {
  await log.open(answer, 1);
  await log.fence(answer, 'stopping', 1);
  expect(await log.seal(answer, 2)).toEqual({ text: '' });
  expect(await log.read(answer)).toMatchObject({ epoch: 2, state: 'finished' });
});

test('how an answer ended is kept beside its text, and gone with the next epoch', async () => {
  await log.open(answer, 1);
  await log.append(answer, 1, 0, 'whole');
  const ending = { status: 'complete', usage: { inputTokens: 3, outputTokens: 1 } } as const;
  expect(await log.finish(answer, 1, ending)).toBe('ok');
  expect(await log.read(answer)).toEqual({ epoch: 1, state: 'finished', text: 'whole', ending });
  expect(await log.append(answer, 1, 5, ' and more')).toBe('finished');
  await log.open(answer, 2);
  expect(await log.finish(answer, 1, ending)).toBe('replaced');
  expect(await log.read(answer)).toEqual({ epoch: 2, state: 'streaming', text: '' });
});

test('a stored answer is told, and its log is on its way out', async () => {
  await log.open(answer, 1);
  await log.append(answer, 1, 0, 'done');
  const message = stored('done');
  await log.retire(message);
  expect((await frames()).at(-1)).toEqual({ type: 'answer.stored', message });
  expect(await log.live(answer.conversationId)).toEqual([]);
  expect(await log.read(answer)).toEqual({ epoch: 1, state: 'stored', text: 'done' });
  const { meta, text } = redisNames.answer(answer.conversationId, answer.answerId);
  for (const key of [meta, text]) expect(await redis.pttl(key)).toBeLessThanOrEqual(30_000);
});

test('a worker whose answer was stored without it is refused like one that was replaced', async () => {
  await log.open(answer, 1);
  await log.append(answer, 1, 0, 'so far');
  await log.retire(stored('so far'));
  expect(await log.append(answer, 1, 6, ' and on')).toBe('replaced');
});

test('nothing brings the log of a stored answer back, nor keeps it for longer', async () => {
  await log.open(answer, 1);
  await log.append(answer, 1, 0, 'so far');
  await log.retire(stored('so far'));
  expect(await log.finish(answer, 1, { status: 'complete' })).toBe('replaced');
  expect(await log.restore(answer, 1, 'so far and on')).toBe('replaced');
  await log.fence(answer, 'stopping', 1);
  expect(await log.read(answer)).toEqual({ epoch: 1, state: 'stored', text: 'so far' });
  expect(await log.live(answer.conversationId)).toEqual([]);
  const { meta, text } = redisNames.answer(answer.conversationId, answer.answerId);
  for (const key of [meta, text]) expect(await redis.pttl(key)).toBeLessThanOrEqual(30_000);
});

test('a forgotten answer is gone, and a worker that still writes is refused', async () => {
  await log.open(answer, 1);
  await log.append(answer, 1, 0, 'secret');
  await log.forget(answer.conversationId, [answer.answerId]);
  expect(await log.read(answer)).toMatchObject({ text: '' });
  expect(await log.append(answer, 1, 6, ' more')).toBe('replaced');
  expect(await log.restore(answer, 1, 'secret more')).toBe('replaced');
  expect(await log.open(answer, 2)).toBe('forgotten');
  expect(await log.live(answer.conversationId)).toEqual([]);
});

test('the scripts survive that Redis forgets them', async () => {
  await log.open(answer, 1);
  await redis.script('FLUSH');
  expect(await log.append(answer, 1, 0, 'still here')).toBe('ok');
});
