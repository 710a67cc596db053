import { holdAfter, pieces, readMetric } from '@parley/testkit';
import { expect, test } from 'vitest';
import { WorkerRig } from './worker-rig.ts';

const refusedWrites = (port: number): Promise<number> =>
  readMetric(`http://127.0.0.1:${port}`, 'parley_refused_writes_total', 'reason="replaced"');

test.each([
  { what: 'opening', runs: 0, newest: 2 },
  { what: 'sealing', runs: 2, newest: 4 },
])('a refused $what is counted', async ({ runs, newest }) => {
  await using rig = await WorkerRig.start();
  const order = await rig.ask('why?', { runs, epoch: runs });
  await rig.log.open(order, newest);
  const { port } = await rig.startWorker();
  await rig.jobIsDone(order);
  expect(await refusedWrites(port)).toBe(1);
  expect(await rig.finishesOf(order)).toEqual([]);
});

test('a refused end is counted, once', async () => {
  await using rig = await WorkerRig.start();
  const { port } = await rig.startWorker();
  rig.provider.script(pieces(['all of it'], { faults: [holdAfter(1)] }));
  const order = await rig.ask();
  await rig.shows(order, 'all of it');
  await rig.log.open(order, 2);
  rig.provider.release();
  await rig.jobIsDone(order);
  expect(await refusedWrites(port)).toBe(1);
});
