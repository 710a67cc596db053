import { randomUUID } from 'node:crypto';
import { Cluster, OwnedRedis, ScriptedProvider, answer, waitFor } from '@parley/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CutLink } from './clients/cut-link.ts';
import { nativeClient, send } from './clients/native-client.ts';
import type { RecordingClient } from './clients/recording-client.ts';

let provider: ScriptedProvider;
let redis: OwnedRedis;
let link: CutLink;
let cluster: Cluster;
let history: string;

beforeAll(async () => {
  provider = await ScriptedProvider.start();
  provider.script(answer('Because.'));
  redis = await OwnedRedis.start();
  link = await CutLink.start(redis.port);
  cluster = await Cluster.start({ gateways: 0, workers: 0, histories: 0, provider, redis });
  ({ url: history } = await cluster.addHistory({ REDIS_URL: `redis://127.0.0.1:${link.port}` }));
  await Promise.all([cluster.addGateway(), cluster.addGateway(), cluster.addWorker()]);
});
afterAll(async () => {
  await cluster.stop();
  await link[Symbol.asyncDispose]();
  await redis.stop();
  await provider.stop();
});

/** Redis goes away for history alone: every gateway hears all the time, so none of them has anything to catch up with. */
async function withHistoryCutOff(work: () => Promise<void>): Promise<void> {
  link.cut();
  await waitFor(async () => (await fetch(`${history}/readyz`)).status === 503, { what: 'history to notice' });
  await work();
  link.mend();
}

async function tab(gateway: 0 | 1): Promise<RecordingClient> {
  return nativeClient(cluster.gateways[gateway]?.url ?? '');
}

/** A conversation that both tabs follow, with an answer. */
async function answered(
  here: RecordingClient,
  there: RecordingClient,
): Promise<{ conversationId: string; answerId: unknown }> {
  const conversationId = randomUUID();
  await there.ask('resume', { conversationId });
  const { answerId } = await send(here, conversationId, 'Why?');
  await there.until('answer-ended');
  return { conversationId, answerId };
}

test('a message stored while history had no Redis reaches the other tab, once', async () => {
  using here = await tab(0);
  using there = await tab(1);
  const { conversationId } = await answered(here, there);
  await withHistoryCutOff(async () => {
    expect(await send(here, conversationId, 'And how?')).toMatchObject({ ok: true });
  });
  await there.until('message', ({ content }) => content === 'And how?');
  await waitFor(() => there.all('answer-ended').length === 2, { what: 'the second answer' });
  expect(there.all('message').map(({ content }) => content)).toEqual(['Why?', 'And how?']);
});

test('what a retry without Redis has superseded is told to the other tab', async () => {
  using here = await tab(0);
  using there = await tab(1);
  const { conversationId, answerId } = await answered(here, there);
  await withHistoryCutOff(async () => {
    const again = { conversationId, answerId, clientMessageId: randomUUID() };
    expect(await here.ask('retry', again)).toMatchObject({ ok: true });
  });
  const superseded = await there.until('message', ({ id }) => id === answerId);
  expect(superseded).toMatchObject({ status: 'superseded' });
});
