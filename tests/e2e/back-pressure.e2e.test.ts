import { randomUUID } from 'node:crypto';
import {
  Cluster,
  ScriptedProvider,
  answer,
  failure,
  holdAfter,
  pieces,
  readMetric,
  waitFor,
} from '@parley/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nativeClient, send } from './clients/native-client.ts';
import type { RecordingClient } from './clients/recording-client.ts';
import { call } from './clients/rest-client.ts';
import { newVisitor } from './clients/token-visitor.ts';

let provider: ScriptedProvider;

beforeEach(async () => {
  provider = await ScriptedProvider.start();
});
afterEach(async () => {
  await provider.stop();
});

/** Sends messages, each in a conversation of its own, until one is refused; resolves with the refusal. */
async function untilRefused(client: RecordingClient): Promise<Record<string, unknown>> {
  return waitFor(
    async () => {
      const ack = await send(client, randomUUID(), 'too late');
      return ack.ok === false ? ack : undefined;
    },
    { what: 'the queue to be full' },
  );
}

test('a full queue says BUSY and when to try again; who waits learns the place in the queue', async () => {
  await using cluster = await Cluster.start({
    provider,
    env: { WORKER_CONCURRENCY: '1', QUEUE_MAX_WAITING: '2' },
  });
  const url = cluster.gateways[0]?.url ?? '';
  provider.script(pieces(['a', 'b'], { faults: [holdAfter(1)] }));
  provider.scriptNext(answer('done before'));
  using busy = await nativeClient(url);
  const answered = randomUUID();
  await send(busy, answered, 'I am answered already');
  const done = await busy.until('answer-ended');
  const { answerId: held } = await send(busy, randomUUID(), 'I am being answered');
  await busy.until('answer-piece', ({ answerId }) => answerId === held);

  using first = await nativeClient(url);
  const one = await send(first, randomUUID(), 'next');
  using second = await nativeClient(url);
  const two = await send(second, randomUUID(), 'and I');
  expect(await first.until('queued')).toMatchObject({ answerId: one.answerId, position: 1 });
  expect(await second.until('queued')).toMatchObject({ answerId: two.answerId, position: 2 });

  using late = await nativeClient(url);
  const refused = await untilRefused(late);
  expect(refused).toMatchObject({ error: { code: 'BUSY', retryAfterMs: expect.any(Number) as number } });
  expect(await readMetric(url, 'parley_gateway_refused_answers_total', 'reason="queue"')).toBe(1);
  const again = { conversationId: answered, answerId: done.id, clientMessageId: randomUUID() };
  expect(await busy.ask('retry', again)).toMatchObject({ error: { code: 'BUSY' } });
  expect(await readMetric(url, 'parley_answers_longest_wait_seconds')).toBeGreaterThan(0);

  provider.script(answer('done'));
  provider.release();
  await second.until('answer-ended', () => true, 20_000);
});

test('a provider that refuses everybody for a while fills the queue, and who waits learns the place all the same', async () => {
  await using cluster = await Cluster.start({ provider, env: { QUEUE_MAX_WAITING: '3' } });
  const url = cluster.gateways[0]?.url ?? '';
  const soon = { 'retry-after': '4' };
  provider.script(failure(429, { code: 'rate_limit_exceeded', headers: soon }));
  using unlucky = await nativeClient(url);
  await send(unlucky, randomUUID(), 'the first to hear of it');
  await provider.waitFor(requests => requests.length > 0);

  using waiting = await nativeClient(url);
  const put = await Promise.all(['one', 'two'].map(content => send(waiting, randomUUID(), content)));
  for (const { answerId } of put) await waiting.until('queued', queued => queued.answerId === answerId);
  using late = await nativeClient(url);
  expect(await untilRefused(late)).toMatchObject({ error: { code: 'BUSY' } });

  provider.script(answer('At last'));
  for (const { answerId } of put) {
    const ended = await waiting.until('answer-ended', ({ id }) => id === answerId, 30_000);
    expect(ended).toMatchObject({ content: 'At last', status: 'complete' });
  }
  await waitFor(async () => (await readMetric(url, 'parley_answers_waiting')) === 0, {
    what: 'the queue to be empty',
    deadlineMs: 30_000,
  });
  expect((await send(late, randomUUID(), 'and I?')).ok).toBe(true);
});

test('a conversation with too many open answers takes no message until one has ended', async () => {
  await using cluster = await Cluster.start({ provider, env: { QUEUE_MAX_PER_CONVERSATION: '2' } });
  const url = cluster.gateways[0]?.url ?? '';
  provider.scriptNext(pieces(['a', 'b'], { faults: [holdAfter(1)] }));
  provider.script(answer('x'));
  using visitor = await nativeClient(url);
  const conversationId = randomUUID();
  await send(visitor, conversationId, 'one');
  await visitor.until('answer-piece');
  await send(visitor, conversationId, 'two');
  expect(await send(visitor, conversationId, 'three')).toMatchObject({
    ok: false,
    error: { code: 'RATE_LIMIT_EXCEEDED', retryAfterMs: expect.any(Number) as number },
  });
  using another = await nativeClient(url);
  expect((await send(another, randomUUID(), 'not my fault')).ok).toBe(true);
  provider.release();
  await waitFor(() => visitor.all('answer-ended').length === 2, { what: 'both answers' });
  expect((await send(visitor, conversationId, 'three')).ok).toBe(true);
});

test('one visitor with a hundred messages keeps nobody else waiting', async () => {
  await using cluster = await Cluster.start({
    provider,
    env: { WORKER_CONCURRENCY: '1', QUEUE_MAX_PER_CONVERSATION: '100' },
  });
  const url = cluster.gateways[0]?.url ?? '';
  provider.script(answer('x', { acceptAfterMs: 20 }));
  provider.scriptNext(pieces(['a', 'b'], { faults: [holdAfter(1)] }));
  using greedy = await nativeClient(url);
  const conversationId = randomUUID();
  await Promise.all(
    Array.from({ length: 100 }, (_, index) => send(greedy, conversationId, `message ${index}`)),
  );
  await greedy.until('answer-piece');
  using modest = await nativeClient(url);
  const { answerId } = await send(modest, randomUUID(), 'only me');
  provider.release();
  await modest.until('answer-ended', ({ id }) => id === answerId);
  const mine = provider.requests.findIndex(({ prompt }) => prompt === 'only me');
  // What ran already, and one more.
  expect(mine).toBeLessThanOrEqual(2);
  await waitFor(() => greedy.all('answer-ended').length === 100, { what: 'all hundred', deadlineMs: 40_000 });
  expect(greedy.all('answer-ended').map(({ seq }) => seq)).toEqual(
    greedy
      .all('answer-ended')
      .map(({ seq }) => seq as number)
      .sort((a, b) => a - b),
  );
});

test('one visitor with thirty conversations keeps nobody else waiting', async () => {
  const env = { AUTH_MODE: 'token', WORKER_CONCURRENCY: '1', QUEUE_MAX_PER_VISITOR: '30' };
  await using cluster = await Cluster.start({ provider, env });
  const url = cluster.gateways[0]?.url ?? '';
  provider.scriptNext(pieces(['a', 'b'], { faults: [holdAfter(1)] }));
  provider.script(answer('x'));
  const { token, headers } = await newVisitor(url);
  using greedy = await nativeClient(url, token);
  for (let count = 0; count < 30; count++) {
    const { body } = await call(url, '/api/chat/session', { body: {}, headers });
    expect(await send(greedy, body.sessionId as string, `message ${count}`)).toMatchObject({ ok: true });
  }
  await greedy.until('answer-piece');

  const other = await newVisitor(url);
  using modest = await nativeClient(url, other.token);
  const { answerId } = await send(modest, other.sessionId, 'only me');
  expect(await modest.until('queued')).toMatchObject({ answerId, position: 1 });
  provider.release();
  await waitFor(() => greedy.all('answer-ended').length === 30, { what: 'all thirty', deadlineMs: 40_000 });
  // Only the one that was being answered already came before.
  expect(provider.requests.findIndex(({ prompt }) => prompt === 'only me')).toBe(1);
});
