import {
  AnswerHeartbeat,
  HistoryClient,
  HistoryQueue,
  Metrics,
  createLogger,
  type AnswerRef,
} from '@parley/platform';
import { holdAfter, pieces, waitFor } from '@parley/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { AnswerMetrics } from '../src/answer/answer-metrics.ts';
import { systemClock } from '../src/answer/clock.ts';
import { ProduceAnswer, type AnswerOrder } from '../src/answer/produce-answer.ts';
import { DemoProvider } from '../src/providers/demo/demo-provider.ts';
import { HoldingLink } from './holding-link.ts';
import { WorkerRig } from './worker-rig.ts';

const held = pieces(['half ', 'and half'], { faults: [holdAfter(1)] });
const SETTINGS = {
  systemPrompt: 'Answer.',
  context: { maxMessages: 10, maxTokens: 1_000 },
  limits: { firstTextMs: 5_000, idleMs: 5_000, totalMs: 5_000, maxChars: 1_000 },
};
const silent = createLogger({ service: 'test', level: 'silent' });

/** A worker's use case without its queue, so that a test may let go of an order when it likes. */
function inHand(rig: WorkerRig) {
  const history = new HistoryClient({ url: rig.desk.url });
  onTestFinished(() => history[Symbol.dispose]());
  const historyQueue = new HistoryQueue(rig.connection);
  onTestFinished(() => historyQueue.close());
  const useCase = new ProduceAnswer(
    {
      history,
      answerLog: rig.log,
      append: ({ answer: ref, epoch, offset, text }) => rig.log.append(ref, epoch, offset, text),
      historyQueue,
      provider: new DemoProvider(1),
      startHeartbeat: ref => AnswerHeartbeat.start(rig.connection, ref, () => undefined),
      onFenceHint: () => () => undefined,
      clock: systemClock,
      atOnce: () => 1,
      metrics: new AnswerMetrics(new Metrics('test')),
      log: silent,
    },
    SETTINGS,
  );
  return {
    produce: (order: AnswerOrder, signal: AbortSignal) => useCase.produce(order, signal),
    orderOf: (ref: AnswerRef): AnswerOrder => ({ ...ref, queuedAt: 0, oursUntil: Infinity, claimId: 'c' }),
  };
}

test('a worker that stood still before its claim does not take the answer from whoever has it now', async () => {
  await using rig = await WorkerRig.start();
  await using link = await HoldingLink.start(rig.redis.url, ':heartbeat');
  const still = await rig.spawnWorker({ REDIS_URL: link.url });
  rig.provider.script(held);
  const order = await rig.ask();
  await waitFor(() => link.isHeld, { what: 'it to have the order' });
  await rig.startWorker();
  await waitFor(() => rig.shownOf(order).text === 'half ', { what: 'the other one', deadlineMs: 15_000 });
  link.release();
  await rig.workerSays(still, 'could not renew lock');
  rig.provider.release();
  expect(await rig.finish(order)).toMatchObject({ status: 'complete', text: 'half and half', epoch: 1 });
  expect(rig.desk.calls).toEqual(['claim']);
});

test('an order that is let go of before its claim is not claimed', async () => {
  await using rig = await WorkerRig.start();
  const { produce, orderOf } = inHand(rig);
  const order = orderOf(await rig.ask());
  const outcome = produce(order, AbortSignal.abort(new Error('let go of')));
  await expect(outcome).rejects.toThrow('let go of');
  expect(rig.desk.calls).toEqual([]);
});

test('an order that is let go of during its claim is given back unopened, and has used no run up', async () => {
  await using rig = await WorkerRig.start();
  const { produce, orderOf } = inHand(rig);
  const order = orderOf(await rig.ask());
  const letGo = new AbortController();
  rig.desk.hold();
  const outcome = produce(order, letGo.signal);
  await waitFor(() => rig.desk.calls.includes('claim'), { what: 'the claim' });
  letGo.abort(new Error('let go of'));
  rig.desk.release();
  await expect(outcome).rejects.toThrow('let go of');
  expect(rig.desk.calls).toEqual(['claim', 'release']);
  expect(await rig.log.read(order)).toBeUndefined();
});
