import { redisNames } from '@parley/contracts';
import { answer, failure, holdAfter, pieces, readMetric, waitFor } from '@parley/testkit';
import { expect, test } from 'vitest';
import { WorkerRig } from './worker-rig.ts';

const APOLOGY = 'I apologize, but I encountered an error while processing your request. Please try again.';

test('an order becomes frames without gaps, and one fact for history', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker();
  const text = 'Grüße 👩‍👩‍👧, a text of several words';
  rig.provider.script(answer(text, { piece: 1, usage: { input: 3, output: 40 } }));
  const order = await rig.ask('what?');
  const fact = await rig.finish(order);
  expect(fact).toEqual({
    type: 'answer.finished',
    ...order,
    epoch: 1,
    status: 'complete',
    text,
    usage: { inputTokens: 3, outputTokens: 40 },
  });
  expect(rig.framesOf(order)[0]).toMatchObject({ type: 'answer.started', epoch: 1 });
  expect(rig.shownOf(order)).toEqual({ epoch: 1, text });
  expect(await rig.log.read(order)).toMatchObject({ epoch: 1, text });
  expect(rig.provider.requests[0]?.messages).toEqual([
    { role: 'system', text: 'You are a helpful assistant.' },
    { role: 'user', text: 'what?' },
  ]);
  await rig.jobIsDone(order);
  expect(await rig.connection.exists(redisNames.heartbeat(order.conversationId, order.answerId))).toBe(0);
});

test('many answers at the same time stay apart', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker();
  rig.provider.script(({ prompt }) => answer(`You said: ${prompt}`));
  const orders = await Promise.all(Array.from({ length: 60 }, (_, index) => rig.ask(`question ${index}`)));
  for (const [index, order] of orders.entries()) {
    const { text } = await rig.finish(order);
    expect(text).toBe(`You said: question ${index}`);
    expect(rig.shownOf(order).text).toBe(text);
  }
});

test('the Responses API is spoken when it is asked for', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker({ OPENAI_API: 'responses' });
  rig.provider.script(answer('by the other API'));
  expect(await rig.finish(await rig.ask())).toMatchObject({ status: 'complete', text: 'by the other API' });
  expect(rig.provider.requests[0]?.api).toBe('responses');
});

test('without a key the demo answer is given', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker({ OPENAI_API_KEY: '' });
  const order = await rig.ask();
  const { status, text } = await rig.finish(order);
  expect(status).toBe('complete');
  expect(text).toMatch(/^This is a demo response\. .* environment variables\.$/);
  expect(rig.shownOf(order).text).toBe(text);
  expect(rig.provider.requests).toHaveLength(0);
});

test('a stop reaches a worker whose model is silent: the provider is let go, the text so far is kept', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker();
  rig.provider.script(pieces(['so ', 'far', ' never'], { faults: [holdAfter(2)] }));
  const order = await rig.ask();
  await rig.shows(order, 'so far');
  await rig.stopAnswer(order);
  expect(await rig.finish(order)).toMatchObject({ status: 'stopped', text: 'so far', epoch: 1 });
  await rig.provider.waitFor(requests => requests[0]?.state === 'aborted');
});

test('a takeover ends an answer as superseded', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker();
  rig.provider.script(pieces(['so ', 'far', ' never'], { faults: [holdAfter(2)] }));
  const order = await rig.ask();
  await rig.shows(order, 'so far');
  await rig.log.fence(order, 'superseding', 1);
  rig.provider.release();
  expect(await rig.finish(order)).toMatchObject({ status: 'superseded', text: 'so far', epoch: 1 });
  expect(rig.shownOf(order).text).toBe('so far');
});

test('a stop that arrives before the first text keeps an empty answer', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker();
  rig.provider.script(pieces(['late'], { faults: [holdAfter(0)] }));
  const order = await rig.ask();
  await rig.provider.waitFor(requests => requests[0]?.held === true);
  await rig.stopAnswer(order);
  expect(await rig.finish(order)).toMatchObject({ status: 'stopped', text: '' });
});

test('a worker that is replaced keeps silent', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker();
  rig.provider.script(pieces(['old', ' text'], { faults: [holdAfter(1)] }));
  const order = await rig.ask();
  await rig.shows(order, 'old');
  await rig.log.open(order, 2);
  await rig.log.append(order, 2, 0, 'new');
  rig.provider.release();
  await rig.jobIsDone(order);
  expect(await rig.finishesOf(order)).toEqual([]);
  expect(rig.shownOf(order)).toEqual({ epoch: 2, text: 'new' });
});

test('an answer that has ended is left alone', async () => {
  await using rig = await WorkerRig.start();
  const order = await rig.ask();
  rig.desk.close(order);
  await rig.startWorker();
  await rig.jobIsDone(order);
  expect(rig.provider.requests).toHaveLength(0);
  expect(rig.framesOf(order)).toEqual([]);
});

test('an order that is none is given up', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker();
  const failed = `${redisNames.queuePrefix}:${redisNames.queues.answers}:failed`;
  const order = await rig.ask();
  await rig.finish(order);
  const broken = { conversationId: 'not allowed: {}', answerId: 'a_broken' };
  await expect(rig.queue.add(broken)).rejects.toThrow();
  await rig.addRawJob('a_broken', { answerId: 7 });
  await waitFor(async () => (await rig.connection.zscore(failed, 'a_broken')) !== null, {
    what: 'the job to be given up',
  });
});

test('a request that the provider rejects ends with the apology, which clients see as text', async () => {
  await using rig = await WorkerRig.start();
  await rig.startWorker();
  rig.provider.script(failure(400, { code: 'context_length_exceeded' }));
  const order = await rig.ask();
  expect(await rig.finish(order)).toMatchObject({ status: 'failed', text: APOLOGY, epoch: 1 });
  expect(rig.shownOf(order).text).toBe(APOLOGY);
  expect(rig.provider.requests).toHaveLength(1);
});

test('the probes tell whether it is ready', async () => {
  await using rig = await WorkerRig.start();
  const { port } = await rig.startWorker();
  const readiness = async (): Promise<number> => (await fetch(`http://127.0.0.1:${port}/readyz`)).status;
  await waitFor(async () => (await readiness()) === 200, { what: 'the worker to be ready' });
  const order = await rig.ask();
  const { text } = await rig.finish(order);
  const counted = (name: string, label?: string): Promise<number> =>
    readMetric(`http://127.0.0.1:${port}`, `parley_${name}_total`, label);
  expect(await counted('answers', 'status="complete"')).toBe(1);
  expect(await counted('streamed_characters')).toBe(text.length);
  await rig.redis.kill();
  await waitFor(async () => (await readiness()) === 503, { what: 'the worker not to be ready' });
  await rig.redis.restart();
  await waitFor(async () => (await readiness()) === 200, { what: 'the worker to be ready again' });
  // BullMQ cannot close a queue whose connection is just coming back.
  await waitFor(() => rig.connection.status === 'ready', { what: 'the test itself to be connected again' });
});

test('a worker can be stopped while Redis is away', async () => {
  await using rig = await WorkerRig.start();
  const worker = await rig.spawnWorker();
  await rig.redis.kill();
  await rig.workerSays(worker, 'redis is away');
  expect(await worker.terminate()).toBe(0);
  await rig.redis.restart();
  await waitFor(() => rig.connection.status === 'ready', { what: 'the test itself to be connected again' });
});
