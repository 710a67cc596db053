import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { redisNames } from '@parley/contracts';
import { AnswerHeartbeat, AnswerLog, AnswerQueue, HistoryQueue } from '@parley/platform';
import { LeakCheck, readMetric, waitFor, type OwnedRedis } from '@parley/testkit';
import { UnrecoverableError, Worker } from 'bullmq';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { answerIdOf, messageIdOf } from '../src/store/message-ids.ts';
import {
  connect,
  keepAlive,
  newId,
  openQueue,
  overhear,
  startHistory,
  startRedis,
} from './running-history.ts';

let redis: OwnedRedis;

beforeEach(async () => {
  redis = await startRedis();
});

/** An answer is looked at twice, seconds apart, before it counts as stuck. */
const SWEEP_DEADLINE_MS = 12_000;
const SWEEPING = { SWEEP_INTERVAL_MS: '20', SWEEP_AFTER_MS: '0' };

const typesOf = (frames: { type: string }[]): string[] => frames.map(({ type }) => type);

test("a person's message is announced once, to its conversation and to the admins", async () => {
  const { client } = await startHistory(redis);
  const conversationId = newId();
  const heard = await overhear(redis.url, redisNames.conversationChannel(conversationId));
  const admins = await overhear(redis.url, redisNames.activityChannel);
  const turn = { conversationId, clientMessageId: 'k1', content: 'Why?', origin: 'socket-1' };
  const { message } = await client.call('appendTurn', turn);
  await client.call('appendTurn', turn);
  await client.call('addMessage', { conversationId, clientMessageId: 'k2', role: 'admin', content: 'So.' });
  await waitFor(() => admins.frames.length >= 2, { what: 'the announcements' });
  await Promise.all([heard.caughtUp(), admins.caughtUp()]);
  expect(heard.frames).toEqual([
    { type: 'message.stored', message, origin: 'socket-1' },
    { type: 'message.stored', message: expect.objectContaining({ role: 'admin' }) as unknown },
  ]);
  expect(typesOf(admins.frames)).toEqual(['message.added', 'message.added']);
});

test('a finished answer is stored, announced exactly once, and the next one is queued', async () => {
  const { client, ask } = await startHistory(redis);
  const conversationId = newId();
  const answer = await ask(conversationId, 'One?');
  const next = await ask(conversationId, 'Two?');
  await client.call('claimAnswer', { conversationId, answerId: answer.id, contextMessages: 1 });
  await client.call('claimAnswer', { conversationId, answerId: answer.id, contextMessages: 1 });
  const heard = await overhear(redis.url, redisNames.conversationChannel(conversationId));
  const facts = new HistoryQueue(connect(redis.url));
  onTestFinished(() => facts.close());
  const fact = { conversationId, answerId: answer.id, status: 'complete', text: 'Because.' } as const;
  await facts.answerFinished({ ...fact, epoch: 1, text: 'From a worker that was replaced.' });
  await facts.answerFinished({ ...fact, epoch: 2 });

  const jobs = openQueue('answers', redis.url);
  await waitFor(() => jobs.getJob(next.id), { what: 'the next answer to be queued' });
  const historyJobs = openQueue('history', redis.url);
  await waitFor(async () => (await historyJobs.count()) + (await historyJobs.getActiveCount()) === 0, {
    what: 'the queue to be empty',
  });
  await heard.caughtUp();
  expect(heard.frames).toMatchObject([
    { type: 'answer.stored', message: { id: answer.id, content: 'Because.', status: 'complete', epoch: 2 } },
  ]);
  const { message } = await client.call('getMessage', { conversationId, messageId: answer.id });
  expect(heard.frames[0]?.message).toEqual(message);
});

test('a finished answer is stored once the store is back', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-history-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'parley.db');
  const { client, ask } = await startHistory(redis, { DATABASE_URL: `sqlite:${path}` });
  const { conversationId, id: answerId } = await ask(newId());
  await client.call('claimAnswer', { conversationId, answerId, contextMessages: 1 });
  const lock = new DatabaseSync(path);
  onTestFinished(() => lock.close());
  lock.exec('BEGIN IMMEDIATE');
  const facts = new HistoryQueue(connect(redis.url));
  onTestFinished(() => facts.close());
  await facts.answerFinished({ conversationId, answerId, epoch: 1, status: 'complete', text: 'Because.' });
  const historyJobs = openQueue('history', redis.url);
  await waitFor(async () => (await historyJobs.getDelayedCount()) === 1, { what: 'the first try to fail' });
  lock.exec('ROLLBACK');
  await waitFor(
    async () => {
      const { message } = await client.call('getMessage', { conversationId, messageId: answerId });
      return message.content === 'Because.';
    },
    { what: 'the answer to be stored' },
  );
});

test('a job that is none fails at once and holds up nobody', async () => {
  await startHistory(redis);
  const queue = openQueue('history', redis.url);
  const job = await queue.add('history', { type: 'nonsense' }, { attempts: 5 });
  await waitFor(() => job.isFailed(), { what: 'the job to fail' });
});

test('the sweeper queues an answer that nobody works on, and leaves alone what has a heart or is handed over', async () => {
  const { service, client, ask } = await startHistory(redis, SWEEPING);
  const jobs = openQueue('answers', redis.url);
  const connection = connect(redis.url);
  const refOf = (conversationId: string) => ({
    conversationId,
    answerId: answerIdOf(messageIdOf(conversationId, 'k1')),
  });
  const alive = refOf(newId());
  const handedOver = refOf(newId());
  using _heartbeat = await AnswerHeartbeat.start(connection, alive, () => undefined);
  await openQueue('history', redis.url).add(
    'history',
    {},
    { jobId: `${handedOver.answerId}-0`, delay: 60_000 },
  );
  for (const { conversationId } of [alive, handedOver])
    await client.call('appendTurn', { conversationId, clientMessageId: 'k1', content: 'Why?' });

  // Queued one after the other: the second proves that a whole sweep has gone by.
  for (let n = 0; n < 2; n += 1) {
    const stuck = await ask(newId());
    await waitFor(() => jobs.getJob(stuck.id), {
      what: 'the answer to be queued',
      deadlineMs: SWEEP_DEADLINE_MS,
    });
  }
  expect(await jobs.getJob(alive.answerId)).toBeUndefined();
  expect(await jobs.getJob(handedOver.answerId)).toBeUndefined();
  expect(await readMetric(service.url, 'parley_history_answers_swept_total')).toBe(2);
});

test('an answer whose worker lives is not queued again when Redis loses its heartbeat with all its data', async () => {
  const { client, ask } = await startHistory(redis, SWEEPING);
  const jobs = openQueue('answers', redis.url);
  const connection = connect(redis.url);
  const [conversationId, clientMessageId] = [newId(), 'k1'];
  const alive = { conversationId, answerId: answerIdOf(messageIdOf(conversationId, clientMessageId)) };
  using _heartbeat = await AnswerHeartbeat.start(connection, alive, () => undefined);
  await client.call('appendTurn', { conversationId, clientMessageId, content: 'Why?' });
  await client.call('claimAnswer', { ...alive, contextMessages: 1 });
  await connection.flushall();
  // It is looked at after the other one, and no less often.
  const stuck = await ask(newId());
  await waitFor(() => jobs.getJob(stuck.id), {
    what: 'the answer to be queued',
    deadlineMs: SWEEP_DEADLINE_MS,
  });
  expect(await jobs.getJob(alive.answerId)).toBeUndefined();
});

test('the sweeper queues an answer again whose job has failed', async () => {
  const { ask } = await startHistory(redis, SWEEPING);
  const jobs = openQueue('answers', redis.url);
  const stuck = await ask(newId());
  await waitFor(() => jobs.getJob(stuck.id), {
    what: 'the answer to be queued',
    deadlineMs: SWEEP_DEADLINE_MS,
  });
  let tries = 0;
  const worker = new Worker(
    jobs.name,
    () => {
      tries += 1;
      return Promise.reject(new UnrecoverableError('no provider'));
    },
    { connection: connect(redis.url), prefix: redisNames.queuePrefix },
  );
  onTestFinished(() => worker.close());
  await waitFor(() => tries > 1, { what: 'a second try', deadlineMs: SWEEP_DEADLINE_MS });
});

test('taking over ends the running answer for its worker, closes the waiting one and says so', async () => {
  const { client, ask } = await startHistory(redis);
  const conversationId = newId();
  const running = await ask(conversationId, 'One?');
  const waiting = await ask(conversationId, 'Two?');
  const ref = { conversationId, answerId: running.id };
  const log = new AnswerLog(connect(redis.url));
  await client.call('claimAnswer', { ...ref, contextMessages: 1 });
  await log.open(ref, 1);
  await log.append(ref, 1, 0, 'So fa');
  await keepAlive(redis.url, ref);
  const heard = await overhear(redis.url, redisNames.conversationChannel(conversationId));
  const workers = await overhear(redis.url, redisNames.controlChannel);
  await client.call('updateConversation', { conversationId, mode: 'human' });
  expect(await log.append(ref, 1, 5, 'r')).toBe('replaced');
  await Promise.all([heard.caughtUp(), workers.caughtUp()]);
  expect(workers.frames).toEqual([{ type: 'answer.fenced', ...ref }]);
  expect(heard.frames).toMatchObject([
    { type: 'answer.stored', message: { id: waiting.id, status: 'stopped', content: '' } },
    { type: 'answer.stored', message: { id: running.id, status: 'stopped', content: 'So fa' } },
    { type: 'conversation.mode', mode: 'human' },
  ]);
  const turn = await client.call('appendTurn', { conversationId, clientMessageId: 'k', content: 'Hello?' });
  expect(turn.answer).toBeUndefined();
  await client.call('updateConversation', { conversationId, mode: 'ai' });
  expect(
    await client.call('claimAnswer', { conversationId, answerId: waiting.id, contextMessages: 1 }),
  ).toEqual({ outcome: 'closed' });
});

test('deleting a conversation takes its jobs and logs along, and everybody hears of it', async () => {
  await using leaks = await LeakCheck.start(redis.url);
  const { service, client, ask } = await startHistory(redis);
  const conversationId = newId();
  const running = await ask(conversationId, 'One?');
  const connection = connect(redis.url);
  const ref = { conversationId, answerId: running.id };
  const answers = new AnswerQueue(connection);
  await answers.add(ref);
  const log = new AnswerLog(connection);
  await log.open(ref, 1);
  const heard = await overhear(redis.url, redisNames.conversationChannel(conversationId));
  const admins = await overhear(redis.url, redisNames.activityChannel);
  await client.call('deleteConversation', { conversationId });
  expect(await log.append(ref, 1, 0, 'x')).toBe('replaced');
  expect(await answers.waiting()).toBe(0);
  await Promise.all([heard.caughtUp(), admins.caughtUp()]);
  expect(typesOf(heard.frames)).toEqual(['conversation.deleted']);
  expect(admins.frames).toEqual([{ type: 'conversation.changed', conversationId }]);
  await answers.close();
  await service.terminate();
  // All that is left refuses late writers for a while, and goes by itself.
  const left = (await leaks.leftovers()).keys.filter(key => key.includes(conversationId));
  expect(left).toEqual([redisNames.answer(conversationId, running.id).meta]);
  for (const key of left) expect(await connection.pttl(key)).toBeGreaterThan(0);
});

test('while Redis hangs or is gone, messages are stored without delay and the probe says why', async () => {
  const { service, client } = await startHistory(redis);
  const conversationId = newId();
  const say = async (content: string): Promise<void> => {
    const started = performance.now();
    await client.call('appendTurn', { conversationId, clientMessageId: randomUUID(), content });
    // Far below what a command of Redis may take.
    expect(performance.now() - started).toBeLessThan(1_900);
  };
  await say('before');
  redis.pause();
  await say('while it hangs');
  await redis.kill();
  await say('while it is gone');
  const readiness = async () => (await fetch(`${service.url}/readyz`)).json();
  await waitFor(
    async () => ((await readiness()) as { reasons: string[] }).reasons.includes('redis is away'),
    {
      what: 'the probe to notice',
    },
  );
  await redis.restart();
  await waitFor(async () => ((await readiness()) as { status: string }).status === 'OK', {
    what: 'Redis to be back',
  });
  const { messages } = await client.call('listMessages', { conversationId });
  expect(messages.map(message => message.content).filter(Boolean)).toEqual([
    'before',
    'while it hangs',
    'while it is gone',
  ]);
});

test('after SIGTERM no connection is left', async () => {
  await using leaks = await LeakCheck.start(redis.url);
  const { service, ask } = await startHistory(redis, SWEEPING);
  await ask(newId());
  expect(await service.terminate()).toBe(0);
  await waitFor(async () => Object.keys((await leaks.leftovers()).connections).length === 0, {
    what: 'the connections to be closed',
  });
});

test('SIGTERM is obeyed also while Redis is gone', async () => {
  const { service, ask } = await startHistory(redis, SWEEPING);
  await redis.kill();
  await ask(newId());
  expect(await service.terminate()).toBe(0);
});
