import { holdAfter, pieces, readMetric, waitFor } from '@parley/testkit';
import { expect, test } from 'vitest';
import { WorkerRig } from './worker-rig.ts';

const held = pieces(['before ', 'after'], { faults: [holdAfter(1)] });

test.for([
  { as: 'stopped', state: 'stopping' },
  { as: 'superseded', state: 'superseding' },
] as const)('Redis emptied behind the fence of an answer that was $as: it takes no more text', async wish => {
  await using rig = await WorkerRig.start();
  await rig.startWorker();
  rig.provider.script(held);
  const order = await rig.ask();
  await rig.shows(order, 'before ');
  // What history does, but for the hint, which comes too late just as well.
  rig.desk.wish(order, wish.as);
  await rig.log.fence(order, wish.state, 1);
  await rig.connection.flushall();
  rig.provider.release();
  expect(await rig.finish(order)).toMatchObject({ status: wish.as, text: 'before ', epoch: 1 });
  expect(rig.shownOf(order)).toEqual({ epoch: 1, text: 'before ' });
});

test('Redis emptied behind another epoch: the old worker keeps silent, and leaves no log behind', async () => {
  await using rig = await WorkerRig.start();
  const { port } = await rig.startWorker();
  rig.provider.script(held);
  const order = await rig.ask();
  await rig.shows(order, 'before ');
  rig.desk.replace(order);
  await rig.connection.flushall();
  rig.provider.release();
  await rig.provider.waitFor(requests => requests[0]?.state !== 'open');
  const active = (): Promise<number> => readMetric(`http://127.0.0.1:${port}`, 'parley_active_answers');
  await waitFor(async () => (await active()) === 0, { what: 'it to let go' });
  expect(await rig.finishesOf(order)).toEqual([]);
  expect(rig.shownOf(order)).toEqual({ epoch: 1, text: 'before ' });
  expect(await rig.log.read(order)).toBeUndefined();
  expect(await rig.log.live(order.conversationId)).toEqual([]);
});

test('Redis emptied, and nobody wished anything: history is asked once, and the answer ends whole', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker();
  rig.provider.script(held);
  const order = await rig.ask();
  await rig.shows(order, 'before ');
  await rig.connection.flushall();
  rig.provider.release();
  expect(await rig.finish(order)).toMatchObject({ status: 'complete', text: 'before after', epoch: 1 });
  expect(rig.desk.calls.filter(call => call === 'pen')).toHaveLength(1);
});

test.for([
  { shown: 'half ', as: 'stopped', state: 'stopping' },
  { shown: '', as: 'superseded', state: 'superseding' },
] as const)(
  'an answer that is $as between the last claim and its seal has ended as such, and nobody apologizes',
  async ({ shown, as, state }) => {
    await using rig = await WorkerRig.start();
    const order = await rig.ask('why?', { runs: 2, epoch: 1 });
    // The next claim gets this epoch.
    await rig.log.open(order, 2);
    if (shown !== '') await rig.log.append(order, 2, 0, shown);
    await rig.log.fence(order, state, 2);
    await rig.startWorker();
    expect(await rig.finish(order)).toMatchObject({ status: as, text: shown, epoch: 2 });
    expect(rig.shownOf(order)).toEqual({ epoch: 2, text: shown });
  },
);
