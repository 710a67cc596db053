import { fileURLToPath } from 'node:url';
import { redisNames, versioned } from '@parley/contracts';
import { OwnedRedis, ServiceProcess, waitFor } from '@parley/testkit';
import type { Redis } from 'ioredis';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { createLogger } from '../logging/logger.ts';
import { closeRedis, connectRedis } from '../redis/connect.ts';
import { JobConsumer, type JobConsumerOptions } from './job-consumer.ts';
import { JobProducer } from './job-producer.ts';

const CONSUMING_PROCESS = fileURLToPath(new URL('../../test/consuming-process.ts', import.meta.url));
const queueName = redisNames.queues.answers;
const schema = versioned({ name: z.string() });
type Shape = (typeof schema.write)['shape'];
type Options = JobConsumerOptions<Shape>;
type Process = Options['process'];

let server: OwnedRedis;
let redis: Redis;
let jobs: JobProducer<Shape>;
let logged: string[];

// The queue exists once in a Redis.
beforeEach(async () => {
  server = await OwnedRedis.start();
  onTestFinished(() => server.stop());
  redis = connectRedis(server.url, 'jobs', createLogger({ service: 'test', level: 'silent' }));
  onTestFinished(() => closeRedis(redis));
  jobs = new JobProducer(queueName, schema, redis, { attempts: 2, removeOnComplete: true });
  onTestFinished(() => jobs.close());
  logged = [];
});

function consume(process: Process, options: Partial<Options> = {}): JobConsumer<Shape> {
  const log = createLogger({ service: 'test', level: 'warn' }, { write: line => void logged.push(line) });
  const settings = { concurrency: 2, lockMs: 4_000, stalledCheckMs: 1_000, maxStalled: 1 };
  const consumer = new JobConsumer({ queueName, schema, redis, process, log, ...settings, ...options });
  onTestFinished(() => consumer.drain(0));
  return consumer;
}

/** Jobs that last until the test ends them, or they are let go of. */
class HeldJobs {
  readonly begun: string[] = [];
  readonly letGo: string[] = [];
  readonly #end = Promise.withResolvers<undefined>();

  readonly process: Process = async ({ name }, _job, signal) => {
    const { promise, reject } = Promise.withResolvers<never>();
    signal.addEventListener('abort', () => {
      this.letGo.push(name);
      reject(signal.reason as Error);
    });
    this.begun.push(name);
    await Promise.race([this.#end.promise, promise]);
  };

  async underWay(count: number): Promise<void> {
    await waitFor(() => this.begun.length >= count, { what: `${count} jobs to be under way` });
  }

  end(): void {
    this.#end.resolve(undefined);
  }
}

test('it tells whether it takes jobs', async () => {
  const consumer = consume(() => Promise.resolve());
  expect(consumer.isRunning).toBe(false);
  consumer.start();
  await waitFor(() => consumer.isRunning, { what: 'the consumer to run' });
  const drained = consumer.drain(0);
  expect(consumer.isRunning).toBe(false);
  await drained;
});

test('what is not a job of its kind is given up, and those behind it are done', async () => {
  const done: string[] = [];
  consume(({ name }) => Promise.resolve(void done.push(name))).start();
  await jobs.queue.add(queueName, { name: 7 }, { jobId: 'j-wrong', attempts: 5 });
  await jobs.add('j-right', { name: 'right' });
  await waitFor(() => done.length === 1, { what: 'the job behind it' });
  await waitFor(async () => (await jobs.queue.getFailedCount()) === 1, { what: 'it to be given up' });
  expect(done).toEqual(['right']);
});

test('a job that fails is tried again when its producer and the consumer say', async () => {
  const tries: number[] = [];
  const process: Process = () => Promise.reject(new Error('not yet'));
  const retryMs = (attempt: number): number => {
    tries.push(attempt);
    return 1;
  };
  consume(process, { retryMs }).start();
  await jobs.queue.add(queueName, { name: 'one' }, { jobId: 'j-1', attempts: 3, backoff: { type: 'own' } });
  await waitFor(async () => (await jobs.queue.getFailedCount()) === 1, { what: 'it to be given up' });
  expect(tries).toEqual([1, 2]);
  const levels = logged.map(line => (JSON.parse(line) as { level: string }).level);
  expect(levels).toEqual(['warn', 'warn', 'error']);
});

test('a drain ends the jobs under way and takes no more', async () => {
  const held = new HeldJobs();
  const consumer = consume(held.process, { concurrency: 1 });
  consumer.start();
  await jobs.add('j-1', { name: 'one' });
  await held.underWay(1);
  const drained = consumer.drain(20_000);
  await jobs.add('j-2', { name: 'two' });
  held.end();
  await drained;
  await consumer.drain(0);
  expect(held).toMatchObject({ begun: ['one'], letGo: [] });
  expect(await jobs.queue.getWaitingCount()).toBe(1);
  expect(await jobs.queue.getActiveCount()).toBe(0);
});

test('what a drain has not ended in time is let go of, for whoever comes next', async () => {
  const held = new HeldJobs();
  const consumer = consume(held.process);
  consumer.start();
  await jobs.add('j-1', { name: 'one' });
  await held.underWay(1);
  await consumer.drain(0);
  expect(held.letGo).toEqual(['one']);
  const next = new HeldJobs();
  next.end();
  consume(next.process).start();
  await next.underWay(1);
});

test('a job whose lock is lost is let go of', async () => {
  const held = new HeldJobs();
  consume(held.process, { lockMs: 400, stalledCheckMs: 100 }).start();
  await jobs.add('j-1', { name: 'one' });
  await held.underWay(1);
  const lock = `${jobs.queue.toKey('j-1')}:lock`;
  await redis.set(lock, "another process's");
  await waitFor(() => held.letGo.length === 1, { what: 'it to be let go of' });
  // The other process dies.
  held.end();
  await redis.del(lock);
  await held.underWay(2);
});

test('a job whose lock ran out while Redis was away is carried on, whoever looks for such jobs first', async () => {
  const held = new HeldJobs();
  const other = new HeldJobs();
  const timing = { lockMs: 1_000, stalledCheckMs: 50 };
  consume(held.process, timing).start();
  await jobs.add('j-1', { name: 'one' });
  await held.underWay(1);
  consume(other.process, timing).start();
  const [stalled, ...gone] = ['stalled', 'stalled-check', 'watched', 'j-1:lock'].map(name =>
    jobs.queue.toKey(name),
  );
  // What an outage leaves behind that is longer than the lock.
  await redis
    .multi()
    .del(gone)
    .sadd(stalled ?? '', 'j-1')
    .exec();
  const isLocked = async (): Promise<boolean> => (await redis.exists(jobs.queue.toKey('j-1:lock'))) === 1;
  await waitFor(isLocked, { what: 'it to be locked again' });
  const isLookedFor = async (): Promise<boolean> => (await redis.sismember(stalled ?? '', 'j-1')) === 1;
  await waitFor(isLookedFor, { what: 'jobs without a lock to be looked for again' });
  held.end();
  await waitFor(async () => (await jobs.queue.getActiveCount()) === 0, { what: 'it to be done' });
  expect([held.begun, held.letGo, other.begun]).toEqual([['one'], [], []]);
});

test('a job that another process has begun since is let go of, though its lock has run out, too', async () => {
  const held = new HeldJobs();
  consume(held.process, { lockMs: 400, stalledCheckMs: 100 }).start();
  await jobs.add('j-1', { name: 'one' });
  await held.underWay(1);
  const job = jobs.queue.toKey('j-1');
  // As after an outage, so that its lock is renewed before jobs without one are looked for.
  await redis.multi().hincrby(job, 'ats', 1).del(`${job}:lock`, jobs.queue.toKey('watched')).exec();
  await waitFor(() => held.letGo.length === 1, { what: 'it to be let go of' });
  // The other process does not come back.
  held.end();
  await held.underWay(2);
});

test('a job that Redis has lost is carried on: nobody else can have it', async () => {
  const held = new HeldJobs();
  consume(held.process, { lockMs: 400 }).start();
  await jobs.add('j-1', { name: 'one' });
  await held.underWay(1);
  await redis.flushall();
  const noticed = (): boolean => logged.some(line => line.includes('could not renew lock'));
  await waitFor(noticed, { what: 'the loss to be noticed' });
  // Behind whatever is asked of Redis about it.
  await redis.ping();
  held.end();
  expect(held.letGo).toEqual([]);
});

// BullMQ never closes then (https://github.com/taskforcesh/bullmq/issues/4656); what it leaves behind ends with the process.
test.each(['idle', 'in the middle of a job'])('%s, it can be drained while Redis is away', async when => {
  const env = { PATH: process.env.PATH, REDIS_URL: server.url };
  const consuming = await ServiceProcess.start({ name: 'consumer', main: CONSUMING_PROCESS, env });
  onTestFinished(() => consuming.kill());
  const says = (text: string): Promise<boolean> =>
    waitFor(() => consuming.logs.some(line => line.includes(text)), { what: `it to say "${text}"` });
  if (when !== 'idle') {
    await jobs.add('j-1', { name: 'one' });
    await says('the job is under way');
  }
  await server.kill();
  await says('redis is away');
  expect(await consuming.terminate()).toBe(0);
  await server.restart();
  // BullMQ cannot close a queue whose connection is just coming back.
  await waitFor(() => redis.status === 'ready', { what: 'the test itself to be connected again' });
});
