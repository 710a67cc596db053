import { once } from 'node:events';
import { connect } from 'node:net';
import { Cluster, ScriptedProvider, answer, holdAfter, pieces, waitFor } from '@parley/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { memoryStorage } from '../src/index.ts';
import { SwitchableProxy } from './switchable-proxy.ts';
import { WatchedClient } from './watched-client.ts';

let provider: ScriptedProvider;
let cluster: Cluster;

beforeAll(async () => {
  provider = await ScriptedProvider.start();
  cluster = await Cluster.start({ gateways: 2, workers: 2, provider });
});
afterAll(async () => {
  await cluster.stop();
  await provider.stop();
});

const gatewayPort = (index: number): number => cluster.gateways[index]?.port ?? 0;
const gatewayUrl = (index = 0): string => `http://127.0.0.1:${gatewayPort(index)}`;

async function killSubscriptions(): Promise<void> {
  const redis = connect(cluster.redis.port, '127.0.0.1');
  redis.write('CLIENT KILL TYPE pubsub\r\n');
  const [reply] = (await once(redis, 'data')) as [Buffer];
  expect(Number(reply.toString().slice(1))).toBeGreaterThan(0);
  redis.destroy();
}

test('sends, streams and shows what is stored', async () => {
  provider.scriptNext(pieces(['Hello', ' brave', ' world'], { faults: [holdAfter(2)] }));
  using visitor = new WatchedClient({ url: gatewayUrl() });
  visitor.client.send('Hi');
  expect(visitor.lines).toEqual(['Hi']);
  await visitor.untilLines('Hi', 'Hello brave…');
  provider.release();
  await visitor.untilWhole();
  expect(visitor.lines).toEqual(['Hi', 'Hello brave world']);
  expect(await visitor.stored(gatewayUrl(1))).toEqual(visitor.lines);
  expect(visitor.jumps()).toEqual([]);
});

test('a reload finds the conversation again, and sends once what was not sent', async () => {
  provider.script(answer('Yes'));
  await using proxy = await SwitchableProxy.start(gatewayPort(0));
  const storage = memoryStorage();
  const first = new WatchedClient({ url: proxy.url, storage });
  first.client.send('One');
  await first.untilWhole();
  proxy.target = undefined;
  proxy.dropAll();
  first.client.send('Two');
  first.client.send('Three');
  await first.until('the loss', ({ connection }) => connection === 'waiting');
  first.client.close();

  proxy.target = gatewayPort(1);
  using second = new WatchedClient({ url: proxy.url, storage });
  await second.untilLines('One', 'Yes', 'Two', 'Yes', 'Three', 'Yes');
  expect(await second.stored(gatewayUrl(1))).toEqual(second.lines);
  await waitFor(async () => (await storage.getItem('parley:outbox:own:')) === null, {
    what: 'the stored outbox to be empty',
  });
});

test('what is written without a connection is queued, and goes out once and in order', async () => {
  const asked = provider.requests.length;
  provider.script(answer('Yes'));
  await using proxy = await SwitchableProxy.start();
  using visitor = new WatchedClient({ url: proxy.url });
  for (const text of ['a', 'b', 'c']) visitor.client.send(text);
  await visitor.until('the failure', ({ connection }) => connection === 'waiting');
  expect(visitor.lines).toEqual(['a', 'b', 'c']);
  proxy.target = gatewayPort(0);
  await visitor.untilLines('a', 'Yes', 'b', 'Yes', 'c', 'Yes');
  expect(await visitor.stored(gatewayUrl(1))).toEqual(visitor.lines);
  expect(provider.requests.length - asked).toBe(3);
});

test('an acknowledgement that gets lost costs nothing: the message is stored and answered once', async () => {
  const asked = provider.requests.length;
  provider.script(answer('Once'));
  await using proxy = await SwitchableProxy.start(gatewayPort(0));
  using visitor = new WatchedClient({ url: proxy.url });
  await visitor.untilOnline();
  proxy.deafen();
  visitor.client.send('Ping');
  await provider.waitFor(requests => requests.length > asked);
  proxy.dropAll();
  await visitor.untilLines('Ping', 'Once');
  expect(await visitor.stored(gatewayUrl(1))).toEqual(visitor.lines);
  expect(provider.requests.length - asked).toBe(1);
});

test('a gateway killed in mid-stream: the client goes on elsewhere, the provider is asked once', async () => {
  const asked = provider.requests.length;
  provider.scriptNext(pieces(['Half', ' and', ' half'], { faults: [holdAfter(1)] }));
  const doomed = await cluster.addGateway();
  await using proxy = await SwitchableProxy.start(doomed.port);
  using visitor = new WatchedClient({ url: proxy.url });
  visitor.client.send('x');
  await visitor.untilLines('x', 'Half…');
  proxy.target = gatewayPort(1);
  await visitor.untilReconnected(() => void doomed.kill());
  expect(visitor.lines).toEqual(['x', 'Half…']);
  provider.release();
  await visitor.untilWhole();
  expect(visitor.lines).toEqual(['x', 'Half and half']);
  expect(await visitor.stored(gatewayUrl(1))).toEqual(visitor.lines);
  expect(provider.requests.length - asked).toBe(1);
  expect(visitor.jumps()).toEqual([]);
});

test('frames lost in Redis: the text is complete all the same', async () => {
  const text = Array.from({ length: 200 }, (_, index) => ` piece ${index}`);
  provider.scriptNext(pieces(text, { everyMs: 15 }));
  using visitor = new WatchedClient({ url: gatewayUrl(0) });
  using watcher = new WatchedClient({ url: gatewayUrl(1), conversationId: 'frames-lost' });
  using sender = new WatchedClient({ url: gatewayUrl(0), conversationId: 'frames-lost' });
  await visitor.untilOnline();
  await watcher.untilOnline();
  sender.client.send('x');
  for (const mark of [' piece 30', ' piece 80', ' piece 130']) {
    await sender.until(`the text "${mark}"`, ({ transcript: { answers, messages } }) =>
      (answers[0]?.text ?? messages.at(-1)?.content ?? '').includes(mark),
    );
    await killSubscriptions();
  }
  for (const client of [sender, watcher]) {
    await client.untilWhole();
    expect(client.lines).toEqual(['x', text.join('')]);
    expect(client.jumps()).toEqual([]);
  }
  expect(await sender.stored(gatewayUrl(1))).toEqual(sender.lines);
});

test('a worker killed in mid-stream: the text begins again in a new epoch', async () => {
  provider.scriptNext(pieces(['This', ' dies'], { faults: [holdAfter(1)] }));
  provider.script(pieces(['This', ' lives']));
  using visitor = new WatchedClient({ url: gatewayUrl() });
  visitor.client.send('x');
  await visitor.untilLines('x', 'This…');
  for (const worker of cluster.workers) await worker.kill();
  await Promise.all(cluster.workers.map(async worker => worker.restart()));
  await visitor.untilWhole(30_000);
  expect(visitor.lines).toEqual(['x', 'This lives']);
  expect(await visitor.stored(gatewayUrl(1))).toEqual(visitor.lines);
  const epochs = visitor.shown.flatMap(({ transcript }) => transcript.answers.map(({ epoch }) => epoch));
  expect(Math.max(...epochs)).toBe(2);
  expect(visitor.jumps()).toEqual([]);
});

test('works over polling alone', async () => {
  provider.scriptNext(pieces(['Slow', ' but', ' sure'], { everyMs: 50 }));
  await using proxy = await SwitchableProxy.start(gatewayPort(0));
  using visitor = new WatchedClient({ url: proxy.url, transports: ['polling'] });
  visitor.client.send('x');
  await visitor.untilLines('x', 'Slow but sure');
  expect(proxy.seen.webSockets).toBe(0);
});

test.each(['refuse', 'hang'] as const)(
  'falls back to polling where WebSockets are made to %s',
  async mood => {
    provider.scriptNext(answer('Got through'));
    await using proxy = await SwitchableProxy.start(gatewayPort(0));
    proxy.webSockets = mood;
    using visitor = new WatchedClient({ url: proxy.url });
    visitor.client.send('x');
    await visitor.untilLines('x', 'Got through');
    expect(proxy.seen.webSockets).toBeGreaterThan(0);
    expect(proxy.seen.polls).toBeGreaterThan(0);
  },
);

test('five reconnects in one answer, from gateway to gateway', async () => {
  const asked = provider.requests.length;
  const words = ['one', ' two', ' three', ' four', ' five', ' six'];
  provider.scriptNext(pieces(words, { stepped: true }));
  await using proxy = await SwitchableProxy.start(gatewayPort(0));
  using visitor = new WatchedClient({ url: proxy.url, random: () => 0 });
  visitor.client.send('x');
  await provider.waitFor(requests => requests.length > asked);
  for (let count = 1; count <= 5; count++) {
    provider.step();
    await visitor.untilLines('x', `${words.slice(0, count).join('')}…`);
    proxy.target = gatewayPort(count % 2);
    await visitor.untilReconnected(() => proxy.dropAll());
  }
  provider.step();
  await visitor.untilWhole();
  expect(visitor.lines).toEqual(['x', words.join('')]);
  expect(await visitor.stored(gatewayUrl(1))).toEqual(visitor.lines);
  expect(provider.requests.length - asked).toBe(1);
  expect(visitor.jumps()).toEqual([]);
});

test('two tabs show the same, whichever writes', async () => {
  provider.script(answer('Both see this'));
  const storage = memoryStorage();
  using left = new WatchedClient({ url: gatewayUrl(0), storage });
  await left.untilOnline();
  using right = new WatchedClient({ url: gatewayUrl(1), storage });
  await right.untilOnline();
  expect(right.snapshot.transcript.conversationId).toBe(left.snapshot.transcript.conversationId);
  left.client.send('from the left');
  for (const tab of [left, right]) await tab.untilLines('from the left', 'Both see this');
  right.client.send('from the right');
  for (const tab of [left, right]) {
    await tab.untilLines('from the left', 'Both see this', 'from the right', 'Both see this');
  }
  expect(left.snapshot.transcript.messages).toEqual(right.snapshot.transcript.messages);
});

test('a message that is too long fails with the reason, and the next one is sent', async () => {
  provider.script(answer('Fine'));
  using visitor = new WatchedClient({ url: gatewayUrl() });
  visitor.client.send('x'.repeat(32_001));
  visitor.client.send('short');
  await visitor.until('the answer', ({ transcript }) => transcript.messages.length === 2);
  expect(visitor.snapshot.transcript.outgoing).toMatchObject([
    { status: 'failed', error: { code: 'MESSAGE_TOO_LONG' } },
  ]);
});
