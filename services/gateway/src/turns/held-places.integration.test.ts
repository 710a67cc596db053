import { once } from 'node:events';
import { ParleyError } from '@parley/contracts';
import { closeRedis, connectRedis, createLogger, type HistoryClient } from '@parley/platform';
import { OwnedRedis, waitFor } from '@parley/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { HeldPlaces } from './held-places.ts';
import { SharedPlaces } from './shared-places.ts';

const silent = createLogger({ service: 'test', level: 'silent' });
const LEASE_MS = 1_000_000;
const GROUP = { key: 'parley:limit:open-answers:address:192.0.2.1', places: 3 };

/** Held places of answers 1, 2 and 3; rounds begin when the test says so. */
async function world(answers: (answerId: string) => Promise<{ status: string }>) {
  const redis = await OwnedRedis.start();
  onTestFinished(() => redis[Symbol.asyncDispose]());
  const connection = connectRedis(redis.url, 'commands', silent);
  await once(connection, 'ready');
  onTestFinished(() => closeRedis(connection));
  const places = new SharedPlaces(connection, LEASE_MS);
  const asks: string[] = [];
  const call = async (_: string, { messageId }: { messageId: string }): Promise<unknown> => {
    asks.push(messageId);
    return { message: await answers(messageId) };
  };
  const held = new HeldPlaces(places, { call } as unknown as HistoryClient, silent);
  const hold = async (member: string, groups = [GROUP]): Promise<void> => {
    await places.take(groups, member);
    held.add(member, { conversationId: 'c', groups, member });
  };
  const members = (): Promise<string[]> => connection.zrange(GROUP.key, '0', '-1');
  /** All places run out; the next round gives them again to whom it renews. */
  const runOut = (): Promise<unknown> => connection.del(GROUP.key);
  return { connection, places, held, hold, asks, members, runOut };
}

const streaming = (): Promise<{ status: string }> => Promise.resolve({ status: 'streaming' });

test('each round renews all places, and asks after an answer in its rounds 2, 4, 8', async () => {
  const { held, hold, asks, members, runOut } = await world(streaming);
  await hold('1');
  const asked: number[] = [];
  for (let round = 1; round <= 9; round++) {
    await runOut();
    held.nextRound();
    await waitFor(async () => (await members()).includes('1'), { what: 'the renewal' });
    asked.push(asks.length);
  }
  expect(asked).toEqual([0, 1, 1, 2, 2, 2, 2, 3, 3]);
});

test('an open answer whose place has run out gets it again, even if there is none left', async () => {
  const { places, held, hold, members, runOut } = await world(streaming);
  for (const one of ['1', '2', '3']) await hold(one);
  await runOut();
  for (const another of ['4', '5', '6']) expect(await places.take([GROUP], another)).toBeDefined();
  held.nextRound();
  await waitFor(async () => (await members()).length === 6, { what: 'the renewal' });
  expect(await places.take([GROUP], '7')).toBeUndefined();
});

test('a renewal that fails keeps no other from being renewed', async () => {
  const { connection, held, hold, members, runOut } = await world(streaming);
  const broken = { ...GROUP, key: 'parley:limit:open-answers:address:192.0.2.2' };
  for (const one of ['1', '2']) await hold(one, [broken]);
  await hold('3');
  await connection.set(broken.key, 'not a sorted set', 'EX', 60);
  for (const round of ['first', 'second']) {
    await runOut();
    held.nextRound();
    await waitFor(async () => (await members()).includes('3'), { what: `the ${round} renewal` });
  }
});

test('a history that does not answer keeps no place from being renewed', async () => {
  const { held, hold, asks, members, runOut } = await world(() => new Promise(() => undefined));
  for (const one of ['1', '2', '3']) await hold(one);
  for (let round = 1; round <= 4; round++) {
    await runOut();
    held.nextRound();
    await waitFor(async () => (await members()).length === 3, { what: `renewal ${round}` });
  }
  expect(asks).toEqual(['1', '2', '3']);
});

test('who cannot be asked after is asked after again, and keeps nobody else waiting', async () => {
  let isAway = true;
  const { held, hold, asks, members } = await world(answerId =>
    isAway && answerId === '1'
      ? Promise.reject(new ParleyError('HISTORY_UNAVAILABLE'))
      : Promise.resolve({ status: 'complete' }),
  );
  for (const one of ['1', '2', '3']) await hold(one);
  held.nextRound();
  expect(await members()).toHaveLength(3);
  held.nextRound();
  await waitFor(async () => (await members()).join() === '1', { what: 'the places of 2 and 3' });
  isAway = false;
  held.nextRound();
  await waitFor(async () => (await members()).length === 0, { what: 'the place of 1' });
  expect(asks).toEqual(['1', '2', '3', '1']);
});

test('a place whose answer ends while its renewal waits for its turn stays free', async () => {
  const { held, hold, members, runOut } = await world(streaming);
  // More than are renewed at once.
  const [wide, names] = [{ ...GROUP, places: 200 }, Array.from({ length: 200 }, (_, name) => String(name))];
  for (const one of names) await hold(one, [wide]);
  await runOut();
  held.nextRound();
  held.free('198');
  await waitFor(async () => (await members()).includes('199'), { what: 'the last renewal' });
  expect(await members()).not.toContain('198');
});

test('a queue that is long becomes few questions at a time', async () => {
  let [now, most] = [0, 0];
  const { held, hold, asks, members } = await world(async () => {
    most = Math.max(most, ++now);
    await new Promise(resolve => setImmediate(resolve));
    now -= 1;
    return streaming();
  });
  const [wide, names] = [{ ...GROUP, places: 100 }, Array.from({ length: 100 }, (_, name) => String(name))];
  for (const one of names) await hold(one, [wide]);
  held.nextRound();
  expect(await members()).toHaveLength(100);
  held.nextRound();
  await waitFor(() => asks.length === names.length, { what: 'all to be asked after' });
  expect(most).toBe(8);
});
