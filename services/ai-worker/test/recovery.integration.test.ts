import { redisNames } from '@parley/contracts';
import { answer, holdAfter, pieces, readMetric, waitFor } from '@parley/testkit';
import { expect, test } from 'vitest';
import { WorkerRig } from './worker-rig.ts';

const held = pieces(['half ', 'gone'], { faults: [holdAfter(1)] });

test('a killed worker is replaced: another one answers in a new epoch and ends the answer once', async () => {
  await using rig = await WorkerRig.start();
  const first = await rig.spawnWorker();
  rig.provider.script(answer('all of it'));
  rig.provider.scriptNext(held);
  const order = await rig.ask();
  await rig.shows(order, 'half ');
  await rig.spawnWorker();
  const killedAt = performance.now();
  await first.kill();
  await waitFor(() => rig.shownOf(order).epoch === 2, { deadlineMs: 15_000, what: 'a new epoch' });
  const seconds = ((performance.now() - killedAt) / 1_000).toFixed(1);
  process.stdout.write(`a killed worker was replaced after ${seconds} s\n`);
  expect(await rig.finish(order)).toMatchObject({ status: 'complete', text: 'all of it', epoch: 2 });
  await rig.jobIsDone(order);
  expect(await rig.finishesOf(order)).toHaveLength(1);
  expect(rig.shownOf(order)).toEqual({ epoch: 2, text: 'all of it' });
  expect(rig.provider.requests).toHaveLength(2);
});

test('a second death keeps the text that was shown', async () => {
  await using rig = await WorkerRig.start();
  rig.provider.script(held);
  const order = await rig.ask('why?', { runs: 1, epoch: 1 });
  const doomed = await rig.spawnWorker();
  await rig.shows(order, 'half ');
  await rig.spawnWorker();
  await doomed.kill();
  expect(await rig.finish(order, 15_000)).toMatchObject({ status: 'interrupted', text: 'half ', epoch: 3 });
  expect(rig.provider.requests).toHaveLength(1);
});

test('a second death before the first piece keeps the text that the first has left', async () => {
  await using rig = await WorkerRig.start();
  const order = await rig.ask('why?', { runs: 2, epoch: 2 });
  await rig.log.open(order, 1);
  await rig.log.append(order, 1, 0, 'half ');
  await rig.log.open(order, 2);
  await rig.startWorker();
  expect(await rig.finish(order)).toMatchObject({ status: 'interrupted', text: 'half ', epoch: 3 });
  expect(rig.provider.requests).toEqual([]);
});

test.for([
  { run: 'no run', runs: 2 },
  { run: 'a run', runs: 1 },
])(
  'what a dead worker has shown is kept when $run is left and the claim is fenced at once',
  async ({ runs }) => {
    await using rig = await WorkerRig.start();
    const order = await rig.ask('why?', { runs, epoch: 1 });
    await rig.log.open(order, 1);
    await rig.log.append(order, 1, 0, 'half ');
    // The next claim gets this epoch.
    await rig.log.fence(order, 'stopping', 2);
    await rig.startWorker();
    expect(await rig.finish(order)).toMatchObject({ status: 'stopped', text: 'half ', epoch: 2 });
    expect(rig.provider.requests).toEqual([]);
  },
);

test('a whole text that its dead worker did not hand over is, when the next claim is fenced at once', async () => {
  await using rig = await WorkerRig.start();
  const order = await rig.ask('why?', { runs: 1, epoch: 1 });
  await rig.log.open(order, 1);
  await rig.log.append(order, 1, 0, 'all of it');
  await rig.log.finish(order, 1, { status: 'complete' });
  await rig.log.fence(order, 'stopping', 2);
  await rig.startWorker();
  // History stores it as `stopped`.
  expect(await rig.finish(order)).toMatchObject({ status: 'complete', text: 'all of it', epoch: 2 });
  expect(rig.provider.requests).toEqual([]);
});

test('a worker that stands still loses the answer, and its late words are refused', async () => {
  await using rig = await WorkerRig.start();
  const frozen = await rig.spawnWorker();
  rig.provider.script(answer('by the other one'));
  rig.provider.scriptNext(held);
  const order = await rig.ask();
  await rig.shows(order, 'half ');
  await rig.spawnWorker();
  frozen.pause();
  const fact = await rig.finish(order, 15_000);
  expect(fact).toMatchObject({ status: 'complete', text: 'by the other one', epoch: 2 });
  rig.provider.release(rig.provider.requests[0]?.id);
  frozen.resume();
  await rig.provider.waitFor(requests => requests[0]?.state !== 'open');
  await waitFor(async () => (await readMetric(frozen.url, 'parley_active_answers')) === 0, {
    what: 'it to let go',
  });
  expect(rig.shownOf(order)).toEqual({ epoch: 2, text: 'by the other one' });
  expect(await rig.finishesOf(order)).toHaveLength(1);
});

test('SIGTERM: ends what it streams, takes nothing new, and exits', async () => {
  await using rig = await WorkerRig.start();
  const worker = await rig.spawnWorker();
  rig.provider.script(pieces(['to ', 'the end'], { faults: [holdAfter(1)] }));
  const order = await rig.ask();
  await rig.shows(order, 'to ');
  const exited = worker.terminate();
  await rig.workerSays(worker, 'stopping');
  const late = await rig.ask();
  rig.provider.release();
  expect(await exited).toBe(0);
  expect(await rig.finish(order)).toMatchObject({ status: 'complete', text: 'to the end', epoch: 1 });
  expect(await rig.finishesOf(late)).toEqual([]);
  rig.provider.script(answer('by the next worker'));
  await rig.spawnWorker();
  expect(await rig.finish(late)).toMatchObject({ status: 'complete', epoch: 1 });
});

test('an answer that outlasts the grace period is handed over without waiting for a lock to run out', async () => {
  await using rig = await WorkerRig.start();
  const worker = await rig.spawnWorker({ SHUTDOWN_GRACE_MS: '3000' });
  rig.provider.script(answer('by the next worker'));
  rig.provider.scriptNext(held);
  const order = await rig.ask();
  await rig.shows(order, 'half ');
  await rig.spawnWorker();
  expect(await worker.terminate()).toBe(0);
  expect(await rig.finish(order, 3_000)).toMatchObject({ status: 'complete', epoch: 2 });
  await rig.provider.waitFor(requests => requests[0]?.state === 'aborted');
});

test('Redis away in mid-answer: the model is read on, and the answer ends when Redis is back', async () => {
  await using rig = await WorkerRig.start();
  const { port } = await rig.startWorker();
  rig.provider.script(pieces(['before ', 'while ', 'it ', 'is ', 'away'], { faults: [holdAfter(1)] }));
  const order = await rig.ask();
  await rig.shows(order, 'before ');
  rig.redis.pause();
  rig.provider.release();
  await rig.provider.waitFor(requests => requests[0]?.state === 'answered');
  rig.redis.resume();
  expect(await rig.finish(order)).toMatchObject({
    status: 'complete',
    text: 'before while it is away',
    epoch: 1,
  });
  expect(rig.shownOf(order)).toEqual({ epoch: 1, text: 'before while it is away' });
  expect(await readMetric(`http://127.0.0.1:${port}`, 'parley_merged_pieces_total')).toBeGreaterThan(0);
});

test('Redis restarted without its data in mid-answer: the answer ends, and new ones are taken', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker();
  rig.provider.script(pieces(['before ', 'after'], { faults: [holdAfter(1)] }));
  const order = await rig.ask();
  await rig.shows(order, 'before ');
  await rig.redis.restart();
  rig.provider.release();
  expect(await rig.finish(order)).toMatchObject({ status: 'complete', text: 'before after', epoch: 1 });
  rig.provider.script(answer('next'));
  expect(await rig.finish(await rig.ask(), 20_000)).toMatchObject({ status: 'complete', text: 'next' });
});

test('a deleted answer that is asked for again waits until nobody can write the old one any more', async () => {
  await using rig = await WorkerRig.start();
  const order = await rig.ask();
  await rig.log.open(order, 1);
  await rig.log.forget(order.conversationId, [order.answerId]);
  await rig.startWorker();
  rig.provider.script(answer('anew'));
  await waitFor(() => rig.desk.calls.includes('release'), { what: 'the run to be given back' });
  // What its time-to-live does.
  await rig.connection.del(redisNames.answer(order.conversationId, order.answerId).meta);
  expect(await rig.finish(order)).toMatchObject({ status: 'complete', text: 'anew' });
  expect(rig.provider.requests).toHaveLength(1);
});
