import { randomUUID } from 'node:crypto';
import { NATIVE_NAMESPACE } from '@parley/contracts';
import { Cluster, ScriptedProvider, answer, holdAfter, pieces, readMetric, waitFor } from '@parley/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nativeClient, send } from './clients/native-client.ts';
import { RecordingClient } from './clients/recording-client.ts';

let provider: ScriptedProvider;
let cluster: Cluster;
let urls: string[];
let busy: RecordingClient;

// The one worker has its hands full.
beforeEach(async () => {
  provider = await ScriptedProvider.start();
  const env = { WORKER_CONCURRENCY: '1', TRUST_PROXY: '1' };
  cluster = await Cluster.start({ gateways: 2, provider, env });
  urls = cluster.gateways.map(({ url }) => url);
  provider.script(answer('x'));
  provider.scriptNext(pieces(['a', 'b'], { faults: [holdAfter(1)] }));
  busy = await nativeClient(urls[0] ?? '');
});
afterEach(async () => {
  busy.socket.disconnect();
  if (provider.requests.some(({ held }) => held)) provider.release();
  await cluster.stop();
  await provider.stop();
});

const gauge = (name: string): Promise<number[]> => Promise.all(urls.map(url => readMetric(url, name)));

test('who comes back, or looks from another tab or gateway, learns the place of an answer that waits', async () => {
  await send(busy, randomUUID(), 'I am being answered');
  await busy.until('answer-piece');
  const conversationId = randomUUID();
  using visitor = await nativeClient(urls[0] ?? '');
  const { answerId } = await send(visitor, conversationId, 'next');
  const place = { conversationId, answerId, position: 1 };
  expect(await visitor.until('queued')).toEqual(place);
  for (const url of urls) {
    using tab = await nativeClient(url);
    await tab.ask('resume', { conversationId });
    expect(await tab.until('queued')).toEqual(place);
  }
});

test('the second message of a conversation has a place as soon as its turn has come', async () => {
  const conversationId = randomUUID();
  await send(busy, conversationId, 'one');
  await busy.until('answer-piece');
  const second = await send(busy, conversationId, 'two');
  // With an address of its own this is its first answer, and so before a second one that is ready at the same moment.
  using other = await RecordingClient.connect(`${urls[1]}${NATIVE_NAMESPACE}`, {
    extraHeaders: { 'x-forwarded-for': '192.0.2.7' },
  });
  provider.scriptNext(pieces(['c', 'd'], { faults: [holdAfter(1)] }));
  await send(other, randomUUID(), 'I come first');
  await other.until('queued');
  provider.release();
  const { answerId } = second;
  expect(await busy.until('queued')).toEqual({ conversationId, answerId, position: 1 });
});

test('nobody looks for the place of an answer whose visitor has gone', async () => {
  await send(busy, randomUUID(), 'I am being answered');
  await busy.until('answer-piece');
  const conversationId = randomUUID();
  using visitor = await nativeClient(urls[1] ?? '');
  await visitor.ask('resume', { conversationId });
  const [history] = cluster.histories;
  history?.pause();
  visitor.say('send', { conversationId, clientMessageId: randomUUID(), content: 'I am off' });
  // The message is on its way when the probe that came after it is answered.
  await visitor.ask('leave', { conversationId: randomUUID() });
  visitor.socket.disconnect();
  await waitFor(async () => (await gauge('parley_gateway_connections'))[1] === 0, { what: 'the end' });
  history?.resume();
  await waitFor(async () => (await gauge('parley_answers_waiting'))[1] === 1, { what: 'the answer to wait' });
  await waitFor(async () => (await gauge('parley_gateway_watched_queue_places'))[1] === 0, {
    what: 'nobody to look',
  });
});
