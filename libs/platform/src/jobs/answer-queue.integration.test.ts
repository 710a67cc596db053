import { randomUUID } from 'node:crypto';
import { redisNames } from '@parley/contracts';
import { OwnedRedis, waitFor } from '@parley/testkit';
import { DelayedError, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { AnswerQueue } from './answer-queue.ts';

let server: OwnedRedis;
let answers: AnswerQueue;

// What is asked concerns the whole queue, which exists once in a Redis.
beforeEach(async () => {
  server = await OwnedRedis.start();
  onTestFinished(() => server.stop());
  answers = new AnswerQueue(connect());
  onTestFinished(() => answers.close());
});

function connect(): Redis {
  const redis = new Redis(server.url, { maxRetriesPerRequest: null });
  onTestFinished(() => redis.disconnect());
  return redis;
}

async function add(rank?: number): Promise<string> {
  const id = randomUUID();
  await answers.add({ conversationId: `c-${id}`, answerId: `a_${id}` }, rank);
  return `a_${id}`;
}

/** Puts every job off for as long as said, as a worker does whose provider has no key left. */
function putOff(delays: readonly number[]): Worker {
  const left = [...delays];
  const worker = new Worker(
    redisNames.queues.answers,
    async (job, token) => {
      await job.moveToDelayed(Date.now() + (left.shift() ?? 0), token);
      throw new DelayedError();
    },
    { connection: connect(), prefix: redisNames.queuePrefix },
  );
  onTestFinished(() => worker.close());
  return worker;
}

async function untilPutOff(jobs: number): Promise<void> {
  const redis = connect();
  const delayed = `${redisNames.queuePrefix}:${redisNames.queues.answers}:delayed`;
  await waitFor(async () => (await redis.zcard(delayed)) === jobs, { what: `${jobs} to be put off` });
}

test('an answer that is put off waits like the others: first those that may be taken, then in the order of their time', async () => {
  const [late, soon] = [await add(), await add()];
  const worker = putOff([120_000, 60_000]);
  await untilPutOff(2);
  await worker.close();
  const next = await add();
  expect(await answers.waitingIds()).toEqual([next, soon, late]);
  expect(await answers.waiting()).toBe(3);
});

test('the age of the backlog is that of its oldest job, also when that has been put off', async () => {
  expect(await answers.longestWaitMs()).toBe(0);
  const before = Date.now();
  await add();
  const added = Date.now();
  const worker = putOff([60_000]);
  await untilPutOff(1);
  await waitFor(() => Date.now() - added > 50, { what: 'some time to pass' });
  await worker.close();
  await add();
  const age = await answers.longestWaitMs();
  expect(age).toBeGreaterThanOrEqual(50);
  expect(age).toBeLessThanOrEqual(Date.now() - before);
});

test("everybody's first answer is taken before anybody's second, and what has waited for long goes first all the same", async () => {
  const [second, third, first] = [await add(1), await add(2), await add()];
  expect(await answers.waitingIds()).toEqual([first, second, third]);
  await answers.promote(60_000);
  expect(await answers.waitingIds()).toEqual([first, second, third]);
  const added = Date.now();
  await waitFor(() => Date.now() - added > 50, { what: 'some time to pass' });
  await answers.promote(50);
  const late = await add();
  expect(await answers.waitingIds()).toEqual([first, second, third, late]);
  expect(await answers.waiting()).toBe(4);
});
