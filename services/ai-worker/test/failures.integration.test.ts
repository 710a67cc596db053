import {
  answer,
  cutAfter,
  failure,
  holdAfter,
  longLineAfter,
  malformedAfter,
  pieces,
  stallAfter,
} from '@parley/testkit';
import { expect, test } from 'vitest';
import { APOLOGY } from '../src/answer/apology.ts';
import { WorkerRig } from './worker-rig.ts';

const deadlines = { FIRST_TOKEN_TIMEOUT_MS: '1500', IDLE_TIMEOUT_MS: '1500' };
const words = ['one ', 'two ', 'three'];

test.each([
  ['is cut', pieces(words, { faults: [cutAfter(2)] })],
  ['ends without saying so', pieces(words, { finishReason: 'none' })],
  ['stalls, kept warm by comments', pieces(words, { faults: [stallAfter(2, { pingEveryMs: 20 })] })],
  ['never begins', pieces(words, { acceptAfterMs: Infinity })],
  ['is malformed', pieces(words, { faults: [malformedAfter(2)] })],
  ['has a line of 10 MB', pieces(words, { faults: [longLineAfter(2, 10_000_000)] })],
  ['is refused with 503', failure(503)],
])('a run that %s is followed by another, in an epoch of its own', async (_, first) => {
  await using rig = await WorkerRig.start();
  await rig.startWorker(deadlines);
  rig.provider.script(answer('the whole answer'));
  rig.provider.scriptNext(first);
  const order = await rig.ask();
  expect(await rig.finish(order)).toMatchObject({ status: 'complete', text: 'the whole answer', epoch: 2 });
  expect(rig.shownOf(order)).toEqual({ epoch: 2, text: 'the whole answer' });
  expect(rig.provider.requests).toHaveLength(2);
});

test('when the last run fails, too, its text is kept as interrupted, and nobody asks again', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker(deadlines);
  rig.provider.script(pieces(words, { faults: [cutAfter(2)] }));
  const order = await rig.ask();
  expect(await rig.finish(order)).toMatchObject({ status: 'interrupted', text: 'one two ', epoch: 2 });
  await rig.jobIsDone(order);
  expect(rig.shownOf(order).text).toBe('one two ');
  expect(rig.provider.requests).toHaveLength(2);
});

test.each([
  ['fails', failure(503)],
  ['ends', answer('', { finishReason: 'content_filter' })],
])('when the last run %s without text, what the one before has shown is kept', async (_, last) => {
  await using rig = await WorkerRig.start();
  await rig.startWorker();
  rig.provider.scriptNext(pieces(words, { faults: [cutAfter(2)] }), last);
  const order = await rig.ask();
  expect(await rig.finish(order)).toMatchObject({ status: 'interrupted', text: 'one two ', epoch: 2 });
  expect(rig.provider.requests).toHaveLength(2);
});

test('when the last run fails without text, the apology is the text', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker();
  rig.provider.script(failure(500));
  const order = await rig.ask();
  expect(await rig.finish(order)).toMatchObject({ status: 'failed', text: APOLOGY, epoch: 2 });
  expect(rig.shownOf(order)).toEqual({ epoch: 2, text: APOLOGY });
});

test('an answer without a word is an apology', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker();
  rig.provider.script(answer('', { finishReason: 'content_filter' }));
  expect(await rig.finish(await rig.ask())).toMatchObject({ status: 'failed', text: APOLOGY, epoch: 1 });
});

test('with all runs used up, what the dead worker has shown is the answer', async () => {
  await using rig = await WorkerRig.start();
  const order = await rig.ask('why?', { runs: 2, epoch: 2 });
  await rig.log.open(order, 2);
  await rig.log.append(order, 2, 0, 'as far as I got');
  await rig.startWorker();
  expect(await rig.finish(order)).toMatchObject({ status: 'interrupted', text: 'as far as I got', epoch: 3 });
  expect(await rig.log.append(order, 2, 15, ' from the dead')).toBe('replaced');
  expect(rig.provider.requests).toHaveLength(0);
});

test('with all runs used up and nothing shown, the apology is shown', async () => {
  await using rig = await WorkerRig.start();
  const order = await rig.ask('why?', { runs: 2, epoch: 2 });
  await rig.startWorker();
  expect(await rig.finish(order)).toMatchObject({ status: 'failed', text: APOLOGY, epoch: 3 });
  expect(rig.shownOf(order)).toEqual({ epoch: 3, text: APOLOGY });
});

test('an emptied Redis is filled again by the worker that streams, and the answer ends', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker();
  rig.provider.script(pieces(words, { faults: [holdAfter(2)] }));
  const order = await rig.ask();
  await rig.shows(order, 'one two ');
  await rig.connection.flushall();
  rig.provider.release();
  expect(await rig.finish(order)).toMatchObject({ status: 'complete', text: 'one two three', epoch: 1 });
  expect(rig.shownOf(order)).toEqual({ epoch: 1, text: 'one two three' });
  expect(await rig.log.read(order)).toMatchObject({ epoch: 1, text: 'one two three' });
  rig.provider.script(answer('the next one'));
  expect(await rig.finish(await rig.ask())).toMatchObject({ status: 'complete', text: 'the next one' });
});

test('an emptied Redis does not end an answer whose lock is gone with it', async () => {
  await using rig = await WorkerRig.start();
  const worker = await rig.spawnWorker();
  rig.provider.script(pieces(words, { faults: [holdAfter(1)] }));
  const order = await rig.ask();
  await rig.shows(order, 'one ');
  await rig.connection.flushall();
  await rig.workerSays(worker, 'could not renew lock');
  rig.provider.release();
  expect(await rig.finish(order)).toMatchObject({ status: 'complete', text: 'one two three', epoch: 1 });
  expect(rig.provider.requests).toHaveLength(1);
});

test('a claim that history cannot answer is tried again', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker();
  rig.desk.refuse(2);
  expect(await rig.finish(await rig.ask())).toMatchObject({ status: 'complete', epoch: 1 });
});

test('an answer that was deleted is dropped', async () => {
  await using rig = await WorkerRig.start();
  const order = await rig.ask();
  rig.desk.forget(order);
  await rig.startWorker();
  await rig.jobIsDone(order);
  expect(await rig.finishesOf(order)).toEqual([]);
});

test('an ending that history never heard of is handed over, and the provider is not asked again', async () => {
  await using rig = await WorkerRig.start();
  const order = await rig.ask('why?', { runs: 1, epoch: 1 });
  const usage = { inputTokens: 1, outputTokens: 2 };
  await rig.log.open(order, 1);
  await rig.log.append(order, 1, 0, 'all of it');
  await rig.log.finish(order, 1, { status: 'complete', usage });
  await rig.startWorker();
  expect(await rig.finish(order)).toMatchObject({ status: 'complete', text: 'all of it', usage, epoch: 2 });
  expect(rig.provider.requests).toHaveLength(0);
});
