import { Cluster, ScriptedProvider, pieces, waitFor } from '@parley/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SwitchableProxy } from './switchable-proxy.ts';
import { WatchedClient } from './watched-client.ts';

const RETURNS = 5;
const VISITORS = 150;
const WORDS = Array.from({ length: RETURNS + 2 }, (_, index) => `word${index} 👋 `);
const WHOLE = WORDS.join('');

const MANY = {
  MAX_CONNECTIONS_PER_ADDRESS: '1000',
  QUEUE_MAX_PER_ADDRESS: '1000',
  WORKER_CONCURRENCY: '200',
};

let provider: ScriptedProvider;
let cluster: Cluster;

beforeAll(async () => {
  provider = await ScriptedProvider.start();
  cluster = await Cluster.start({ gateways: 2, provider, env: MANY });
});
afterAll(async () => {
  await cluster.stop();
  await provider.stop();
});

const portOf = (index: number): number => cluster.gateways[index % 2]?.port ?? 0;
const urlOf = (index: number): string => `http://127.0.0.1:${portOf(index)}`;
const textSoFar = (words: number): string => WORDS.slice(0, words).join('');

test('who goes away five times within one answer, and who comes late, shows what is stored', async () => {
  const asked = provider.requests.length;
  provider.scriptNext(pieces(WORDS, { stepped: true }));
  await using proxy = await SwitchableProxy.start(portOf(0));
  using visitor = new WatchedClient({ url: proxy.url });
  visitor.client.send('Hi');
  await provider.waitFor(requests => requests.length > asked);
  provider.step();
  await visitor.untilLines('Hi', `${textSoFar(1)}…`);
  const { conversationId = '' } = visitor.snapshot.transcript;

  const others: WatchedClient[] = [];
  for (let count = 1; count <= RETURNS; count++) {
    proxy.target = portOf(count);
    proxy.dropAll();
    // Said while the client is away, or on its way back.
    provider.step();
    others.push(new WatchedClient({ url: urlOf(count), conversationId }));
    for (const client of [visitor, ...others]) await client.untilLines('Hi', `${textSoFar(count + 1)}…`);
  }
  provider.step();
  for (const client of [visitor, ...others]) {
    await client.untilWhole();
    expect(client.lines).toEqual(['Hi', WHOLE]);
    expect(client.jumps()).toEqual([]);
    client.client.close();
  }
  expect(await visitor.stored(urlOf(1))).toEqual(['Hi', WHOLE]);
  expect(provider.requests.length - asked).toBe(1);
});

test('all hundred and fifty who lose their connections at once are all back, and ask the model nothing again', async () => {
  const asked = provider.requests.length;
  provider.script(pieces(WORDS, { stepped: true }));
  await using proxy = await SwitchableProxy.start(portOf(0));
  const visitors = Array.from({ length: VISITORS }, () => new WatchedClient({ url: proxy.url }));
  for (const visitor of visitors) visitor.client.send('Hi');
  await waitFor(() => provider.requests.length - asked === VISITORS, {
    what: 'all questions',
    deadlineMs: 20_000,
  });
  provider.step();
  for (const visitor of visitors) await visitor.untilLines('Hi', `${textSoFar(1)}…`);

  proxy.target = portOf(1);
  proxy.dropAll();
  provider.step();
  for (const visitor of visitors) await visitor.untilLines('Hi', `${textSoFar(2)}…`);
  provider.step(WORDS.length);
  for (const visitor of visitors) {
    await visitor.untilWhole();
    expect(visitor.lines).toEqual(['Hi', WHOLE]);
    expect(visitor.jumps()).toEqual([]);
    visitor.client.close();
  }
  expect(provider.requests.length - asked).toBe(VISITORS);
});
