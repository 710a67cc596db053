import { AnswerHeartbeat, type AnswerRef } from '@parley/platform';
import { answer, cutAfter, holdAfter, pieces, waitFor } from '@parley/testkit';
import { expect, test } from 'vitest';
import { WorkerRig } from './worker-rig.ts';

const cut = pieces(['half ', 'gone'], { faults: [cutAfter(1)] });
const held = pieces(['half ', 'gone'], { faults: [holdAfter(1)] });

/** Orders an answer, and waits until history has made claims whose replies were lost. */
async function askInVain(rig: WorkerRig, claims: number): Promise<AnswerRef> {
  rig.desk.isMute = true;
  const order = await rig.ask();
  await waitFor(() => rig.desk.calls.length >= claims, { what: `${claims} claims to be lost` });
  return order;
}

test('the heartbeat is there before the claim', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker();
  rig.provider.script(answer('fine'));
  rig.desk.hold();
  const order = await rig.ask();
  await waitFor(() => rig.desk.calls.includes('claim'), { what: 'the claim' });
  expect(await AnswerHeartbeat.isAlive(rig.connection, order)).toBe(true);
  rig.desk.release();
  await rig.finish(order);
});

test('a claim whose reply is lost is made again, and uses no run up', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker();
  rig.provider.script(answer('the whole answer'));
  const order = await askInVain(rig, 3);
  rig.desk.isMute = false;
  expect(await rig.finish(order)).toMatchObject({ status: 'complete', text: 'the whole answer', epoch: 1 });
  expect(rig.provider.requests).toHaveLength(1);
});

test('a claim that one worker has lost is made again by the next', async () => {
  await using rig = await WorkerRig.start();
  const first = await rig.startWorker();
  rig.provider.script(answer('by the next worker'));
  const order = await askInVain(rig, 2);
  await first.stop();
  rig.desk.isMute = false;
  await rig.startWorker();
  expect(await rig.finish(order)).toMatchObject({ status: 'complete', epoch: 1 });
});

test('after a lost claim and a run that failed, the next run has an epoch of its own', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker();
  rig.provider.script(answer('the whole answer'));
  rig.provider.scriptNext(cut);
  const order = await askInVain(rig, 1);
  rig.desk.isMute = false;
  expect(await rig.finish(order)).toMatchObject({ status: 'complete', text: 'the whole answer', epoch: 2 });
});

test('who takes the job of a killed worker over never makes its claim again', async () => {
  await using rig = await WorkerRig.start();
  const doomed = await rig.spawnWorker();
  rig.provider.script(answer('all of it'));
  rig.provider.scriptNext(held);
  const order = await askInVain(rig, 1);
  rig.desk.isMute = false;
  await rig.shows(order, 'half ');
  await rig.startWorker();
  await doomed.kill();
  expect(await rig.finish(order, 15_000)).toMatchObject({ status: 'complete', text: 'all of it', epoch: 2 });
});
