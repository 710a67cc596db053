import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { redisNames, type Message } from '@parley/contracts';
import { AnswerLog, HistoryQueue } from '@parley/platform';
import { waitFor, type OwnedRedis } from '@parley/testkit';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import {
  connect,
  newId,
  openQueue,
  overhear,
  startHistory,
  startRedis,
  type RunningHistory,
} from './running-history.ts';

let redis: OwnedRedis;

beforeEach(async () => {
  redis = await startRedis();
});

const start = (env: NodeJS.ProcessEnv = {}): Promise<RunningHistory> => startHistory(redis, env);

const refOf = ({ conversationId, id }: Message) => ({ conversationId, answerId: id });

/** Claims an answer and writes the beginning of its text, as its worker would. */
async function run({ client }: RunningHistory, answer: Message): Promise<AnswerLog> {
  const log = new AnswerLog(connect(redis.url));
  await client.call('claimAnswer', { ...refOf(answer), contextMessages: 1 });
  await log.open(refOf(answer), 1);
  expect(await log.append(refOf(answer), 1, 0, 'So fa')).toBe('ok');
  return log;
}

async function statusOf({ client }: RunningHistory, { conversationId, id }: Message): Promise<string> {
  return (await client.call('getMessage', { conversationId, messageId: id })).message.status;
}

test('an answer that waits ends at once, everybody hears of it, and the next one is queued', async () => {
  const history = await start();
  const conversationId = newId();
  const waiting = await history.ask(conversationId, 'One?');
  const next = await history.ask(conversationId, 'Two?');
  const heard = await overhear(redis.url, redisNames.conversationChannel(conversationId));
  expect(await history.client.call('endAnswer', { ...refOf(waiting), as: 'stopped' })).toEqual({});
  await heard.caughtUp();
  expect(heard.frames).toMatchObject([
    { type: 'answer.stored', message: { id: waiting.id, status: 'stopped', content: '' } },
  ]);
  expect(await openQueue('answers', redis.url).getJob(next.id)).toBeDefined();
  await history.client.call('endAnswer', { ...refOf(waiting), as: 'superseded' });
  expect(await statusOf(history, waiting)).toBe('stopped');
});

test('a running answer may write no more, and what its worker hands over is stored', async () => {
  const history = await start();
  const answer = await history.ask(newId());
  const log = await run(history, answer);
  const workers = await overhear(redis.url, redisNames.controlChannel);
  await history.client.call('endAnswer', { ...refOf(answer), as: 'stopped' });
  await history.client.call('endAnswer', { ...refOf(answer), as: 'superseded' });
  expect(await log.append(refOf(answer), 1, 5, 'r')).toBe('stopping');
  await workers.caughtUp();
  expect(workers.frames[0]).toEqual({ type: 'answer.fenced', ...refOf(answer) });
  const facts = new HistoryQueue(connect(redis.url));
  onTestFinished(() => facts.close());
  await facts.answerFinished({ ...refOf(answer), epoch: 1, status: 'stopped', text: 'So fa' });
  await waitFor(async () => (await statusOf(history, answer)) === 'superseded', {
    what: 'the stored answer',
  });
});

test('a worker that was just about to begin does not', async () => {
  const { client, ask } = await start();
  const answer = await ask(newId());
  await client.call('claimAnswer', { ...refOf(answer), contextMessages: 1 });
  await client.call('endAnswer', { ...refOf(answer), as: 'superseded' });
  expect(await new AnswerLog(connect(redis.url)).open(refOf(answer), 1)).toBe('superseding');
});

test('a stop outlives the worker, an emptied Redis and a killed history', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-history-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const history = await start({ DATABASE_URL: `sqlite:${folder}/parley.db`, ANSWER_RUNS: '10' });
  const answer = await history.ask(newId());
  await run(history, answer);
  await history.client.call('endAnswer', { ...refOf(answer), as: 'stopped' });
  await connect(redis.url).flushall();
  await history.service.kill();
  await history.service.restart();
  const claim = { ...refOf(answer), contextMessages: 1 };
  expect(await history.client.call('claimAnswer', claim)).toEqual({
    outcome: 'exhausted',
    epoch: 2,
    endAs: 'stopped',
  });
});

test('who asks who has the pen is told of the stop, and an answer that completes all the same was stopped', async () => {
  const history = await start();
  const answer = await history.ask(newId());
  await run(history, answer);
  const pen = { ...refOf(answer), epoch: 1 };
  expect(await history.client.call('getPen', pen)).toEqual({ held: true });
  await history.client.call('endAnswer', { ...refOf(answer), as: 'stopped' });
  await connect(redis.url).flushall();
  expect(await history.client.call('getPen', pen)).toEqual({ held: true, endAs: 'stopped' });
  const facts = new HistoryQueue(connect(redis.url));
  onTestFinished(() => facts.close());
  await facts.answerFinished({ ...refOf(answer), epoch: 1, status: 'complete', text: 'So far, so good' });
  await waitFor(async () => (await statusOf(history, answer)) === 'stopped', { what: 'the stored answer' });
  expect(await history.client.call('getPen', pen)).toEqual({ held: false });
  expect(await history.client.call('getPen', { ...pen, answerId: 'a_made_up' })).toEqual({ held: false });
});

test('while Redis is gone a stop is not acknowledged, but kept', async () => {
  const history = await start();
  const answer = await history.ask(newId());
  await run(history, answer);
  await redis.kill();
  const end = { ...refOf(answer), as: 'stopped' } as const;
  const busy = { code: 'BUSY', retryAfterMs: 1000 };
  await expect(history.client.call('endAnswer', end)).rejects.toMatchObject(busy);
  const takeover = { conversationId: answer.conversationId, mode: 'human' } as const;
  await expect(history.client.call('updateConversation', takeover)).rejects.toMatchObject(busy);
  await redis.restart();
  await waitFor(() => history.client.isReady(), { what: 'Redis to be back' });
  await history.client.call('endAnswer', end);
  expect(await history.client.call('claimAnswer', { ...refOf(answer), contextMessages: 1 })).toEqual({
    outcome: 'exhausted',
    epoch: 2,
    endAs: 'stopped',
  });
});

test('what is not there, or no answer, cannot be ended or asked for again', async () => {
  const { client } = await start();
  const conversationId = newId();
  const { message } = await client.call('appendTurn', {
    conversationId,
    clientMessageId: 'k1',
    content: 'Why?',
  });
  for (const answerId of ['a_made_up', message.id]) {
    const missing = { code: 'ANSWER_NOT_FOUND' };
    await expect(client.call('endAnswer', { conversationId, answerId, as: 'stopped' })).rejects.toMatchObject(
      missing,
    );
    await expect(
      client.call('retryAnswer', { conversationId, answerId, clientMessageId: 'k2' }),
    ).rejects.toMatchObject(missing);
  }
});
