import { randomUUID } from 'node:crypto';
import { Cluster, ScriptedProvider, answer, holdAfter, pieces, waitFor } from '@parley/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nativeClient, send } from './clients/native-client.ts';

let provider: ScriptedProvider;

beforeEach(async () => {
  provider = await ScriptedProvider.start();
});
afterEach(async () => {
  await provider.stop();
});

test('a full queue says BUSY and when to try again; who waits learns the place in the queue', async () => {
  await using cluster = await Cluster.start({
    provider,
    env: { WORKER_CONCURRENCY: '1', QUEUE_MAX_WAITING: '2' },
  });
  const url = cluster.gateways[0]?.url ?? '';
  provider.script(pieces(['a', 'b'], { faults: [holdAfter(1)] }));
  using busy = await nativeClient(url);
  await send(busy, randomUUID(), 'I am being answered');
  await busy.until('answer-piece');

  using first = await nativeClient(url);
  const one = await send(first, randomUUID(), 'next');
  using second = await nativeClient(url);
  const two = await send(second, randomUUID(), 'and I');
  expect(await first.until('queued')).toMatchObject({ answerId: one.answerId, position: 1 });
  expect(await second.until('queued')).toMatchObject({ answerId: two.answerId, position: 2 });

  using late = await nativeClient(url);
  const refused = await waitFor(
    async () => {
      const ack = await send(late, randomUUID(), 'too late');
      return ack.ok === false ? ack : undefined;
    },
    { what: 'the queue to be full' },
  );
  expect(refused).toMatchObject({ error: { code: 'BUSY', retryAfterMs: expect.any(Number) as number } });

  provider.script(answer('done'));
  provider.release();
  await second.until('answer-ended', () => true, 20_000);
});

test('one visitor with a hundred messages keeps nobody else waiting', async () => {
  await using cluster = await Cluster.start({ provider, env: { WORKER_CONCURRENCY: '1' } });
  const url = cluster.gateways[0]?.url ?? '';
  provider.script(answer('x', { acceptAfterMs: 20 }));
  using greedy = await nativeClient(url);
  const conversationId = randomUUID();
  await Promise.all(
    Array.from({ length: 100 }, (_, index) => send(greedy, conversationId, `message ${index}`)),
  );
  using modest = await nativeClient(url);
  const before = provider.requests.length;
  const { answerId } = await send(modest, randomUUID(), 'only me');
  await modest.until('answer-ended', ({ id }) => id === answerId);
  const mine = provider.requests.findIndex(({ prompt }) => prompt === 'only me');
  // What ran already, and one more.
  expect(mine - before).toBeLessThanOrEqual(2);
  await waitFor(() => greedy.all('answer-ended').length === 100, { what: 'all hundred', deadlineMs: 40_000 });
  expect(greedy.all('answer-ended').map(({ seq }) => seq)).toEqual(
    greedy
      .all('answer-ended')
      .map(({ seq }) => seq as number)
      .sort((a, b) => a - b),
  );
});
