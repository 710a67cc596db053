import { redisNames } from '@parley/contracts';
import { cutAfter, failure, holdAfter, pieces, waitFor } from '@parley/testkit';
import { expect, test } from 'vitest';
import { WorkerRig } from './worker-rig.ts';

const budget = (tokens: number): Record<string, string> => ({ DAILY_TOKEN_BUDGET: String(tokens) });
const usage = { input: 60, output: 40 };

/** Tokens counted today. A test that runs over midnight is counted for both days. */
async function spent(rig: WorkerRig): Promise<number> {
  const keys = await rig.connection.keys(`${redisNames.rateLimitPrefix('tokens')}*`);
  const counts = await Promise.all(keys.map(key => rig.connection.get(key)));
  return counts.reduce((sum, count) => sum + Number(count), 0);
}

test('once the day is spent no worker asks the provider, and the answer says why it failed', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker(budget(100));
  await rig.startWorker(budget(100));
  rig.provider.script(pieces(['Yes'], { usage }));
  expect(await rig.finish(await rig.ask())).toMatchObject({ status: 'complete', text: 'Yes' });
  expect(await spent(rig)).toBe(100);
  for (const order of await Promise.all([rig.ask(), rig.ask(), rig.ask(), rig.ask()]))
    expect(await rig.finish(order)).toMatchObject({
      status: 'failed',
      text: "I apologize, but today's answers are used up. Please ask again tomorrow.",
      epoch: 1,
    });
  expect(rig.provider.requests).toHaveLength(1);
  expect(await spent(rig)).toBe(100);
});

test('without a budget nothing is counted', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker();
  rig.provider.script(pieces(['Yes'], { usage }));
  await rig.finish(await rig.ask());
  expect(await spent(rig)).toBe(0);
});

test('an answer whose usage nobody has told is estimated: what was asked and what was said', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker(budget(1_000_000));
  rig.provider.script(pieces(['word '.repeat(400)], { faults: [cutAfter(1)] }));
  await rig.finish(await rig.ask('why '.repeat(200)), 20_000);
  // Two runs of some 200 and 400 words.
  expect(await spent(rig)).toBeGreaterThan(1_000);
  expect(await spent(rig)).toBeLessThan(3_000);
});

test('an answer that was stopped counts with what it has said', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker(budget(1_000_000));
  rig.provider.script(pieces(['word '.repeat(400), 'never'], { faults: [holdAfter(1)] }));
  const order = await rig.ask();
  await rig.shows(order, 'word '.repeat(400));
  await rig.stopAnswer(order);
  expect(await rig.finish(order)).toMatchObject({ status: 'stopped' });
  await waitFor(async () => (await spent(rig)) > 300, { what: 'the stopped answer to be counted' });
});

test('an answer that was stopped before the provider said anything counts with what was asked', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker(budget(1_000_000));
  rig.provider.script(pieces(['never'], { acceptAfterMs: 60_000 }));
  const order = await rig.ask('why '.repeat(200));
  await rig.provider.waitFor(requests => requests.length === 1);
  await rig.stopAnswer(order);
  expect(await rig.finish(order)).toMatchObject({ status: 'stopped' });
  await waitFor(async () => (await spent(rig)) > 100, { what: 'the question to be counted' });
});

test('a call that the provider refuses costs nothing', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker(budget(1_000_000));
  rig.provider.script(failure(400));
  expect(await rig.finish(await rig.ask())).toMatchObject({ status: 'failed' });
  expect(await spent(rig)).toBe(0);
});
