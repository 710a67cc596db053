import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { redisNames, type Message } from '@parley/contracts';
import { AnswerLog, HistoryQueue } from '@parley/platform';
import { waitFor, type OwnedRedis } from '@parley/testkit';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import {
  connect,
  keepAlive,
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

/** Claims an answer and writes the beginning of its text, as its worker would, which lives until the test is over. */
async function run(history: RunningHistory, answer: Message): Promise<AnswerLog> {
  await keepAlive(redis.url, refOf(answer));
  return runAndDie(history, answer);
}

/** The same, but nobody lives to go on with it. */
async function runAndDie({ client }: RunningHistory, answer: Message): Promise<AnswerLog> {
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

test('an answer whose worker is dead ends at once with the text so far, whoever claims it later', async () => {
  const history = await start();
  const answer = await history.ask(newId());
  await runAndDie(history, answer);
  const heard = await overhear(redis.url, redisNames.conversationChannel(answer.conversationId));
  await history.client.call('endAnswer', { ...refOf(answer), as: 'stopped' });
  await heard.caughtUp();
  expect(heard.frames).toMatchObject([
    { type: 'answer.stored', message: { id: answer.id, status: 'stopped', content: 'So fa' } },
  ]);
  const claim = { ...refOf(answer), contextMessages: 1 };
  expect(await history.client.call('claimAnswer', claim)).toEqual({ outcome: 'closed' });
});

test('an answer whose log Redis has lost with the heartbeat is left to its worker, which alone knows the text', async () => {
  const history = await start();
  const answer = await history.ask(newId());
  await runAndDie(history, answer);
  await connect(redis.url).flushall();
  for (let n = 0; n < 2; n += 1) await history.client.call('endAnswer', { ...refOf(answer), as: 'stopped' });
  const facts = new HistoryQueue(connect(redis.url));
  onTestFinished(() => facts.close());
  await facts.answerFinished({ ...refOf(answer), epoch: 1, status: 'stopped', text: 'So fa' });
  await waitFor(async () => (await statusOf(history, answer)) === 'stopped', { what: 'the stored answer' });
  const { conversationId, id: messageId } = answer;
  expect((await history.client.call('getMessage', { conversationId, messageId })).message).toMatchObject({
    epoch: 1,
    content: 'So fa',
  });
});

test('the log that a worker writes after its answer was ended for it is gone once it has handed over', async () => {
  const history = await start();
  const answer = await history.ask(newId());
  const log = await runAndDie(history, answer);
  await history.client.call('endAnswer', { ...refOf(answer), as: 'stopped' });
  // So long afterwards that what refused it has expired.
  await connect(redis.url).flushall();
  expect(await log.restore(refOf(answer), 1, 'So far')).toBe('ok');
  const facts = new HistoryQueue(connect(redis.url));
  onTestFinished(() => facts.close());
  await facts.answerFinished({ ...refOf(answer), epoch: 1, status: 'complete', text: 'So far, so good' });
  await waitFor(async () => (await log.live(answer.conversationId)).length === 0, { what: 'the log to go' });
  expect(await statusOf(history, answer)).toBe('stopped');
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
