import { once } from 'node:events';
import { ParleyError, redisNames, type Message } from '@parley/contracts';
import { closeRedis, connectRedis, createLogger, type HistoryClient } from '@parley/platform';
import { OwnedRedis, waitFor } from '@parley/testkit';
import type { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { OpenAnswers, type Place } from './open-answers.ts';

const silent = createLogger({ service: 'test', level: 'silent' });
const BEFORE_LONG_MS = 150;
const NEVER_MS = 1_000_000;
const address = { ipAddress: '192.0.2.1' };
const ADDRESS_KEY = `${redisNames.rateLimitPrefix('open-answers')}address:${address.ipAddress}`;

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
  const connections: Redis[] = [];
  const gateway = async (renewEveryMs: number, maxPerAddress = 3): Promise<OpenAnswers> => {
    const connection = connectRedis(redis.url, 'commands', silent);
    await once(connection, 'ready');
    onTestFinished(() => closeRedis(connection));
    connections.push(connection);
    const limits = { maxPerVisitor: 2, maxPerAddress };
    const opened = new OpenAnswers({ ...limits, redis: connection, history, log: silent, renewEveryMs });
    onTestFinished(() => opened.stop());
    return opened;
  };
  /** Who has a place of the address, once all gateways have done what they were about to. */
  const members = async (): Promise<string[]> => {
    await Promise.all(connections.map(connection => connection.ping()));
    return (await connections[0]?.zrange(ADDRESS_KEY, '0', '-1')) ?? [];
  };
  return { redis, gateway, ended, deleted, asks, members };
}

/** Takes places for these answers. */
async function hold(gateway: OpenAnswers, names: readonly number[]): Promise<void> {
  for (const name of names) (await gateway.take(address, question(name)))?.keepFor(answer(name));
}

/** All orders in which so many calls can begin and end, each with all choices of calls that fail. */
function historiesOf(calls: number): { order: number[]; failing: number[] }[] {
  const names = Array.from({ length: calls }, (_, call) => call);
  const ordersOf = (rest: number[]): number[][] =>
    rest.length === 0
      ? [[]]
      : [...new Set(rest)].flatMap(next =>
          ordersOf(rest.toSpliced(rest.indexOf(next), 1)).map(order => [next, ...order]),
        );
  const choices = names.reduce<number[][]>(
    (some, call) => some.flatMap(chosen => [chosen, [...chosen, call]]),
    [[]],
  );
  return ordersOf([...names, ...names]).flatMap(order => choices.map(failing => ({ order, failing })));
}

/** Waits until there is room for one more answer. */
const hasRoom = (gateway: OpenAnswers): Promise<unknown> =>
  waitFor(() => gateway.take(address, question(99)), { what: 'a free place' });

test('an address has so many places on all gateways together; the end of an answer frees one', async () => {
  const { gateway } = await world();
  const [one, two] = [await gateway(NEVER_MS), await gateway(NEVER_MS)];
  await hold(one, [1, 2]);
  await hold(two, [3]);
  for (const full of [one, two]) expect(await full.take(address, question(4))).toBeUndefined();
  expect(await two.take({ ipAddress: '192.0.2.2' }, question(4))).toBeDefined();
  one.answerStored(answer(1));
  await hasRoom(two);
});

test('of a hundred questions at once as many get a place as there are', async () => {
  const { gateway } = await world();
  const [one, two] = [await gateway(NEVER_MS), await gateway(NEVER_MS)];
  const asked = Array.from({ length: 100 }, (_, name) =>
    (name % 2 ? one : two).take(address, question(name)),
  );
  expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(3);
});

test('a visitor has fewer places than the address, whichever address that is', async () => {
  const { gateway } = await world();
  const one = await gateway(NEVER_MS);
  const visitor = { visitorId: 'v', ipAddress: '192.0.2.1' };
  await one.take(visitor, question(1));
  await one.take({ ...visitor, ipAddress: '192.0.2.2' }, question(2));
  expect(await one.take({ ...visitor, ipAddress: '192.0.2.3' }, question(3))).toBeUndefined();
  // A refusal takes no place anywhere.
  await hold(one, [4, 5]);
});

test('who repeats a question keeps its place', async () => {
  const { gateway } = await world();
  const one = await gateway(NEVER_MS);
  await hold(one, [1, 2, 3]);
  expect(await one.take(address, question(2))).toBeDefined();
});

test('who asks once more and fails frees no place that an answer has', async () => {
  const { gateway } = await world();
  const [one, two] = [await gateway(NEVER_MS), await gateway(NEVER_MS)];
  await hold(one, [1, 2, 3]);
  for (const asked of [one, two]) {
    for (const name of [1, 2, 3]) (await asked.take(address, question(name)))?.giveBack();
    expect(await asked.take(address, question(4))).toBeUndefined();
  }
  // From another address it takes a place there, and gives back only that.
  const elsewhere = { ipAddress: '192.0.2.2' };
  const visitor = { visitorId: 'v', ipAddress: '192.0.2.3' };
  (await one.take(visitor, question(5)))?.keepFor(answer(5));
  (await one.take({ ...visitor, ...elsewhere }, question(5)))?.giveBack();
  for (const name of [6, 7, 8]) expect(await one.take(elsewhere, question(name))).toBeDefined();
  expect(await one.take(elsewhere, question(9))).toBeUndefined();
  expect(await one.take({ ...visitor, ipAddress: '192.0.2.4' }, question(6))).toBeDefined();
  expect(await one.take({ ...visitor, ipAddress: '192.0.2.4' }, question(7))).toBeUndefined();
});

test('of calls with one key, in whichever order they begin and end, none that fails frees the place of an answer', async () => {
  const { gateway, members } = await world();
  const gateways = [await gateway(NEVER_MS, 1_000_000), await gateway(NEVER_MS, 1_000_000)];
  for (const [name, { order, failing }] of historiesOf(3).entries()) {
    const places = new Map<number, Place | undefined>();
    let isOpen = false;
    for (const call of order) {
      const place = places.get(call);
      if (!place) places.set(call, await gateways[call % 2]?.take(address, question(name)));
      else if (failing.includes(call)) place.giveBack();
      else place.keepFor(answer(name));
      isOpen ||= place !== undefined && !failing.includes(call);
      if (isOpen) expect(await members(), JSON.stringify({ order, failing })).toContain(`c-${name} k`);
    }
  }
});

test('a call that fails gives its place back', async () => {
  const { gateway } = await world();
  const one = await gateway(NEVER_MS);
  await hold(one, [1, 2]);
  (await one.take(address, question(3)))?.giveBack();
  await hasRoom(one);
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
  await waitFor(() => asks.filter(id => id === 'a_3').length > 2, { what: 'eight rounds' });
  expect(await one.take(address, question(4))).toBeUndefined();
  ended.add('a_1');
  (await waitFor(() => one.take(address, question(4)), { what: 'a free place' })).keepFor(answer(4));
  expect(await one.take(address, question(5))).toBeUndefined();
  deleted.add('a_2');
  await waitFor(() => one.take(address, question(5)), {
    what: 'the place of the deleted one',
    deadlineMs: 15_000,
  });
});

test('the places of a gateway that has died run out', async () => {
  const { gateway } = await world();
  const dead = await gateway(BEFORE_LONG_MS);
  await hold(dead, [1, 2, 3]);
  dead.stop();
  await hasRoom(await gateway(NEVER_MS));
});

test('without Redis nobody is refused', async () => {
  const { redis, gateway } = await world();
  const one = await gateway(NEVER_MS);
  await hold(one, [1, 2, 3]);
  await redis.kill();
  await hasRoom(one);
});
