import { randomUUID } from 'node:crypto';
import { Cluster, ScriptedProvider, answer, holdAfter, pieces } from '@parley/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nativeClient, send } from './clients/native-client.ts';

let provider: ScriptedProvider;

beforeEach(async () => {
  provider = await ScriptedProvider.start();
});
afterEach(async () => {
  await provider.stop();
});

const clusterWith = (policy: string): Promise<Cluster> =>
  Cluster.start({ workers: 2, provider, env: { DOUBLE_TEXT: policy } });

test('queue: the second message is answered after the first', async () => {
  await using cluster = await clusterWith('queue');
  provider.scriptNext(pieces(['One', ' done'], { faults: [holdAfter(1)] }), answer('Two done'));
  const conversationId = randomUUID();
  using client = await nativeClient(cluster.gateways[0]?.url ?? '');
  const first = await send(client, conversationId, 'One');
  await client.until('answer-piece');
  const second = await send(client, conversationId, 'Two');
  provider.release();
  await client.until('answer-ended', ({ id }) => id === second.answerId);
  expect(client.all('answer-ended')).toMatchObject([
    { id: first.answerId, content: 'One done', status: 'complete' },
    { id: second.answerId, content: 'Two done', status: 'complete' },
  ]);
});

test('interrupt: the newest wins, the answer under way is superseded', async () => {
  await using cluster = await clusterWith('interrupt');
  provider.scriptNext(pieces(['One', ' done'], { faults: [holdAfter(1)] }), answer('Two done'));
  const conversationId = randomUUID();
  using client = await nativeClient(cluster.gateways[0]?.url ?? '');
  const first = await send(client, conversationId, 'One');
  await client.until('answer-piece');
  const second = await send(client, conversationId, 'Two');
  await client.until('answer-ended', ({ id }) => id === second.answerId);
  expect(client.all('answer-ended')).toMatchObject([
    { id: first.answerId, content: 'One', status: 'superseded' },
    { id: second.answerId, content: 'Two done', status: 'complete' },
  ]);
});

test('reject: it is refused while the first is being answered, and taken afterwards', async () => {
  await using cluster = await clusterWith('reject');
  provider.scriptNext(pieces(['One', ' done'], { faults: [holdAfter(1)] }));
  provider.script(answer('Two done'));
  const conversationId = randomUUID();
  using client = await nativeClient(cluster.gateways[0]?.url ?? '');
  await send(client, conversationId, 'One');
  await client.until('answer-piece');
  expect(await send(client, conversationId, 'Two')).toMatchObject({
    ok: false,
    error: { code: 'ANSWER_IN_PROGRESS', retryAfterMs: expect.any(Number) as number },
  });
  provider.release();
  await client.until('answer-ended');
  expect(await send(client, conversationId, 'Two')).toMatchObject({ ok: true });
  await client.until('answer-ended', ({ content }) => content === 'Two done');
});
