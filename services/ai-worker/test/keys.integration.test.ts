import { redisNames } from '@parley/contracts';
import { answer, errorAfter, failure, pieces, type AnswerScript } from '@parley/testkit';
import { expect, test } from 'vitest';
import { ProviderKey } from '../src/keys/provider-key.ts';
import { WorkerRig } from './worker-rig.ts';

// Neither has five letters in a row that a UUID could have.
const FIRST = 'sk-test-0Zq1Yw2Xe3Vr4Ut5ghjk';
const SECOND = 'sk-test-9Ao8Bp7Cl8Dk6Fj5wxyz';
const keys = { OPENAI_API_KEY: '', OPENAI_API_KEYS: `${FIRST}, ${SECOND}` };
const benchOf = (secret: string): string => redisNames.benchedKey(new ProviderKey(secret).fingerprint);
const strikesOf = (secret: string): string => redisNames.keyStrikes(new ProviderKey(secret).fingerprint);
const rateLimited = (ms: number): AnswerScript =>
  failure(429, { code: 'rate_limit_exceeded', headers: { 'retry-after-ms': String(ms) } });
const quotaUsedUp = failure(429, { code: 'insufficient_quota' });

test.each([
  ['has no quota left', quotaUsedUp],
  ['is unknown', failure(401, { code: 'invalid_api_key' })],
  ['may not', failure(403)],
])('a key that %s is benched for all workers, and the same run goes on with the next', async (_, refusal) => {
  await using rig = await WorkerRig.start();
  await rig.startWorker(keys);
  rig.provider.script(({ key }) => (key === FIRST ? refusal : answer('paid by the second')));
  const order = await rig.ask();
  expect(await rig.finish(order)).toMatchObject({ status: 'complete', text: 'paid by the second', epoch: 1 });
  await rig.startWorker(keys);
  await Promise.all([rig.ask(), rig.ask(), rig.ask()].map(async asked => rig.finish(await asked)));
  expect(rig.provider.requests.map(({ key }) => key)).toEqual([FIRST, SECOND, SECOND, SECOND, SECOND]);
  expect(await rig.connection.pttl(benchOf(FIRST))).toBeGreaterThan(60_000);
});

test('a bench that Redis has forgotten is over', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker(keys);
  rig.provider.scriptNext(quotaUsedUp);
  await rig.finish(await rig.ask());
  await rig.connection.flushall();
  await rig.finish(await rig.ask());
  expect(rig.provider.requests.map(({ key }) => key)).toEqual([FIRST, SECOND, FIRST]);
});

test('with every key refused the answer fails at once, and the provider is not asked again', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker(keys);
  rig.provider.script(quotaUsedUp);
  expect(await rig.finish(await rig.ask())).toMatchObject({ status: 'failed', epoch: 1 });
  expect(await rig.finish(await rig.ask())).toMatchObject({ status: 'failed', epoch: 1 });
  expect(rig.provider.requests).toHaveLength(2);
});

test('a rate-limited key rests as long as told, and the next one answers', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker(keys);
  rig.provider.scriptNext(rateLimited(300_000));
  expect(await rig.finish(await rig.ask())).toMatchObject({ status: 'complete', epoch: 1 });
  const left = await rig.connection.pttl(benchOf(FIRST));
  expect(left).toBeGreaterThan(200_000);
  expect(left).toBeLessThanOrEqual(300_000);
});

test('with every key resting for longer than a visitor waits, answers fail at once and nobody asks', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker(keys);
  rig.provider.scriptNext(rateLimited(300_000), rateLimited(300_000));
  for (let asked = 0; asked < 2; asked += 1)
    expect(await rig.finish(await rig.ask())).toMatchObject({ status: 'failed', epoch: 1 });
  expect(rig.provider.requests).toHaveLength(2);
});

test('an answer that is to end is not given back: its worker ends it at once', async () => {
  await using rig = await WorkerRig.start();
  rig.provider.scriptNext(rateLimited(60_000), rateLimited(60_000));
  const order = await rig.ask();
  // After the claim, as the desk gives a run all the same.
  rig.desk.wish(order, 'stopped');
  await rig.startWorker(keys);
  expect(await rig.finish(order)).toMatchObject({ status: 'stopped', text: '', epoch: 1 });
  await rig.jobIsDone(order);
  expect(rig.desk.calls).toEqual(['claim', 'release', 'pen']);
});

test('with every key rate-limited the run is given back and the answer waits as told', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker(keys);
  rig.provider.scriptNext(rateLimited(400), rateLimited(400));
  const order = await rig.ask();
  expect(await rig.finish(order)).toMatchObject({ status: 'complete', epoch: 2 });
  expect(rig.desk.calls).toEqual(['claim', 'release', 'claim']);
  const [first, , third] = rig.provider.requests;
  expect((third?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(390);
});

test('a key that has to wait nobody knows how long waits longer each time, until it answers', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker({ OPENAI_API_KEY: FIRST });
  const untold = failure(429, { code: 'rate_limit_exceeded' });
  rig.provider.scriptNext(untold, untold);
  expect(await rig.finish(await rig.ask())).toMatchObject({ status: 'complete' });
  const [first, second, third] = rig.provider.requests.map(({ at }) => at);
  expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(990);
  expect((third ?? 0) - (second ?? 0)).toBeGreaterThanOrEqual(1_990);
  expect(await rig.connection.exists(strikesOf(FIRST))).toBe(0);
});

test('while every key rests no run is claimed', async () => {
  await using rig = await WorkerRig.start();
  for (const secret of [FIRST, SECOND])
    await rig.connection.set(benchOf(secret), 'rate-limited', 'PX', 2_000);
  await rig.startWorker(keys);
  const order = await rig.ask();
  expect(await rig.connection.exists(benchOf(FIRST), benchOf(SECOND))).toBe(2);
  expect(await rig.finish(order)).toMatchObject({ status: 'complete', epoch: 1 });
  expect(rig.desk.calls).toEqual(['claim']);
});

test('a quota used up in mid-answer benches the key, and another run begins with the next', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker(keys);
  rig.provider.scriptNext(
    pieces(['half ', 'lost'], { faults: [errorAfter(1, { code: 'insufficient_quota' })] }),
  );
  const order = await rig.ask();
  expect(await rig.finish(order)).toMatchObject({ status: 'complete', epoch: 2 });
  expect(rig.provider.requests.map(({ key }) => key)).toEqual([FIRST, SECOND]);
});

test('no part of a key longer than its last 4 characters is in a log, a metric or Redis', async () => {
  await using rig = await WorkerRig.start();
  const worker = await rig.spawnWorker({ ...keys, LOG_LEVEL: 'trace' });
  rig.provider.script(({ key = '' }) => failure(key === FIRST ? 401 : 500, { message: `Bad key: ${key}` }));
  await rig.finish(await rig.ask());
  const metrics = await (await fetch(`${worker.url}/metrics`)).text();
  const printed = [...worker.logs, metrics, JSON.stringify(await rig.everythingInRedis())].join('\n');
  expect(printed).toContain('…ghjk');
  for (const secret of [FIRST, SECOND]) {
    for (let start = 'sk-test-'.length; start + 5 <= secret.length; start++) {
      expect(printed).not.toContain(secret.slice(start, start + 5));
    }
  }
});
