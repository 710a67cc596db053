import { once } from 'node:events';
import { ParleyError, type Message } from '@parley/contracts';
import { closeRedis, connectRedis, createLogger, type HistoryClient } from '@parley/platform';
import { OwnedRedis, waitFor } from '@parley/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { OpenAnswers } from './open-answers.ts';

const silent = createLogger({ service: 'test', level: 'silent' });
const BEFORE_LONG_MS = 50;
const NEVER_MS = 1_000_000;
const address = { ipAddress: '192.0.2.1' };
const FULL = { code: 'RATE_LIMIT_EXCEEDED', retryAfterMs: 5_000 };

const question = (name: number) => ({ conversationId: `c-${name}`, clientMessageId: 'k' });
const answer = (name: number): Message => ({
  id: `a_${name}`,
  conversationId: `c-${name}`,
  seq: 2,
  role: 'assistant',
  content: '',
  status: 'pending',
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
});

/** A Redis, and a history in which the test says how each answer is. */
async function world() {
  const redis = await OwnedRedis.start();
  onTestFinished(() => redis[Symbol.asyncDispose]());
  const ended = new Set<string>();
  const deleted = new Set<string>();
  const asks: string[] = [];
  const history = {
    call: (_: string, { messageId }: { messageId: string }) => {
      asks.push(messageId);
      if (deleted.has(messageId)) return Promise.reject(new ParleyError('NOT_FOUND'));
      return Promise.resolve({ message: { status: ended.has(messageId) ? 'complete' : 'streaming' } });
    },
  } as unknown as HistoryClient;
  const gateway = async (renewEveryMs: number, maxPerAddress = 3): Promise<OpenAnswers> => {
    const connection = connectRedis(redis.url, 'commands', silent);
    await once(connection, 'ready');
    onTestFinished(() => closeRedis(connection));
    const limits = { maxPerVisitor: 2, maxPerAddress };
    const opened = new OpenAnswers({ ...limits, redis: connection, history, log: silent, renewEveryMs });
    onTestFinished(() => opened.stop());
    return opened;
  };
  return { redis, gateway, ended, deleted, asks };
}

/** Takes places for these answers. */
async function hold(gateway: OpenAnswers, names: readonly number[]): Promise<void> {
  for (const name of names) (await gateway.take(address, question(name))).keepFor(answer(name));
}

/** Waits until there is room for one more answer. */
const hasRoom = (gateway: OpenAnswers): Promise<unknown> =>
  waitFor(() => gateway.take(address, question(99)), { what: 'a free place' });

test('an address has so many places on all gateways together; the end of an answer frees one', async () => {
  const { gateway } = await world();
  const [one, two] = [await gateway(NEVER_MS), await gateway(NEVER_MS)];
  await hold(one, [1, 2]);
  await hold(two, [3]);
  for (const full of [one, two]) await expect(full.take(address, question(4))).rejects.toMatchObject(FULL);
  await expect(two.take({ ipAddress: '192.0.2.2' }, question(4))).resolves.toBeDefined();
  one.answerStored(answer(1));
  await hasRoom(two);
});

test('of a hundred questions at once as many get a place as there are', async () => {
  const { gateway } = await world();
  const [one, two] = [await gateway(NEVER_MS), await gateway(NEVER_MS)];
  const asked = Array.from({ length: 100 }, (_, name) =>
    (name % 2 ? one : two).take(address, question(name)).then(
      () => true,
      () => false,
    ),
  );
  expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(3);
});

test('a visitor has fewer places than the address, whichever address that is', async () => {
  const { gateway } = await world();
  const one = await gateway(NEVER_MS);
  const visitor = { visitorId: 'v', ipAddress: '192.0.2.1' };
  await one.take(visitor, question(1));
  await one.take({ ...visitor, ipAddress: '192.0.2.2' }, question(2));
  await expect(one.take({ ...visitor, ipAddress: '192.0.2.3' }, question(3))).rejects.toMatchObject(FULL);
  // A refusal takes no place anywhere.
  await hold(one, [4, 5]);
});

test('who repeats a question keeps its place', async () => {
  const { gateway } = await world();
  const one = await gateway(NEVER_MS);
  await hold(one, [1, 2, 3]);
  await expect(one.take(address, question(2))).resolves.toBeDefined();
});

test('a question that asks for no answer, or whose answer has ended, leaves its place', async () => {
  const { gateway } = await world();
  const one = await gateway(NEVER_MS);
  await hold(one, [1, 2]);
  for (const of of [undefined, { ...answer(3), status: 'complete' as const }]) {
    (await waitFor(() => one.take(address, question(3)), { what: 'a free place' })).keepFor(of);
  }
  await hasRoom(one);
});

test('an answer whose end was not heard is found out; one that goes on keeps its place', async () => {
  const { gateway, ended, deleted, asks } = await world();
  const one = await gateway(BEFORE_LONG_MS);
  await hold(one, [1, 2, 3]);
  // By then the first lease, of four rounds, is over.
  await waitFor(() => asks.filter(id => id === 'a_3').length > 3, { what: 'eight rounds' });
  await expect(one.take(address, question(4))).rejects.toMatchObject(FULL);
  ended.add('a_1');
  await hasRoom(one);
  await expect(one.take(address, question(5))).rejects.toMatchObject(FULL);
  deleted.add('a_2');
  await waitFor(() => one.take(address, question(5)), { what: 'the place of the deleted one' });
});

test('the places of a gateway that has died run out', async () => {
  const { gateway } = await world();
  const dead = await gateway(BEFORE_LONG_MS);
  await hold(dead, [1, 2, 3]);
  dead.stop();
  await hasRoom(await gateway(NEVER_MS));
});

test('without Redis nobody is held up', async () => {
  const { redis, gateway } = await world();
  const one = await gateway(NEVER_MS);
  await hold(one, [1, 2, 3]);
  await redis.kill();
  await hasRoom(one);
});
