import { Cluster, ScriptedProvider, answer, holdAfter, pieces } from '@parley/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ParleySnapshot } from '../src/index.ts';
import { SwitchableProxy } from './switchable-proxy.ts';
import { WatchedClient } from './watched-client.ts';

let provider: ScriptedProvider;
let cluster: Cluster;
let urlA: string;
let urlB: string;

beforeAll(async () => {
  provider = await ScriptedProvider.start();
  cluster = await Cluster.start({ gateways: 2, workers: 1, provider });
  [urlA, urlB] = cluster.gateways.map(({ url }) => url) as [string, string];
});
afterAll(async () => {
  await cluster.stop();
  await provider.stop();
});

const conversationOf = ({ snapshot }: WatchedClient): string => snapshot.transcript.conversationId ?? '';
const statusesOf = ({ transcript }: ParleySnapshot): string[] =>
  transcript.messages.map(({ status }) => status);
const current = ({ snapshot }: WatchedClient) =>
  snapshot.transcript.messages.filter(({ status }) => status !== 'superseded');

test('stop ends the answer where it is, for everybody', async () => {
  provider.scriptNext(pieces(['One', ' two', ' three'], { faults: [holdAfter(2)] }));
  using visitor = new WatchedClient({ url: urlA });
  visitor.client.send('Count');
  await visitor.untilLines('Count', 'One two…');
  using watcher = new WatchedClient({ url: urlB, conversationId: conversationOf(visitor) });
  await watcher.untilLines('Count', 'One two…');
  await watcher.client.stop();
  for (const client of [visitor, watcher]) {
    await client.untilLines('Count', 'One two');
    expect(statusesOf(client.snapshot)).toEqual(['complete', 'stopped']);
  }
});

test('retry and edit supersede, and whoever was away sees exactly what is stored', async () => {
  provider.script(answer('First'));
  await using proxy = await SwitchableProxy.start(cluster.gateways[1]?.port);
  using visitor = new WatchedClient({ url: urlA });
  for (const text of ['a', 'b']) {
    visitor.client.send(text);
    await visitor.untilWhole();
  }
  using away = new WatchedClient({ url: proxy.url, conversationId: conversationOf(visitor) });
  await away.untilLines('a', 'First', 'b', 'First');

  proxy.target = undefined;
  proxy.dropAll();
  await away.until('the loss', ({ connection }) => connection === 'waiting');
  provider.script(answer('Second'));
  await visitor.client.retry();
  await visitor.untilLines('a', 'First', 'b', 'Second');
  visitor.client.edit(current(visitor)[0]?.id ?? '', 'changed');
  await visitor.untilLines('changed', 'Second');
  expect(await visitor.stored(urlB)).toEqual(visitor.lines);

  proxy.target = cluster.gateways[1]?.port;
  await away.untilLines('changed', 'Second');
  expect(away.snapshot.transcript.messages).toEqual(visitor.snapshot.transcript.messages);
});

test('an admin takes over, types, answers, and hands back', async () => {
  provider.script(answer('I am a robot'));
  using visitor = new WatchedClient({ url: urlA });
  await visitor.untilOnline();
  const conversationId = conversationOf(visitor);
  using admin = new WatchedClient({ url: urlB, conversationId, token: cluster.adminToken });
  await admin.untilOnline();
  await admin.client.setMode('human');
  await visitor.until('the human mode', ({ transcript }) => transcript.mode === 'human');
  visitor.client.send('A person?');
  await admin.untilLines('A person?');
  admin.client.setTyping(true);
  await visitor.until('the typing', ({ transcript }) => transcript.typing.admin);
  admin.client.sayAsAdmin('Yes');
  for (const client of [visitor, admin]) await client.untilLines('A person?', 'Yes');
  expect(visitor.snapshot.transcript.typing.admin).toBe(false);
  expect(visitor.snapshot.transcript.messages.map(({ role }) => role)).toEqual(['user', 'admin']);
  await admin.client.setMode('ai');
  visitor.client.send('And now?');
  for (const client of [visitor, admin]) {
    await client.untilLines('A person?', 'Yes', 'And now?', 'I am a robot');
  }
});

test('an answer that a takeover ended before it had a text can be asked for again, and the one before stays', async () => {
  provider.script(answer('First'));
  using visitor = new WatchedClient({ url: urlA });
  visitor.client.send('a');
  await visitor.untilLines('a', 'First');
  using admin = new WatchedClient({
    url: urlB,
    conversationId: conversationOf(visitor),
    token: cluster.adminToken,
  });
  await admin.untilLines('a', 'First');
  const asked = provider.requests.length;
  provider.scriptNext(pieces(['Second'], { faults: [holdAfter(0)] }));
  visitor.client.send('b');
  await provider.waitFor(requests => requests.length > asked);
  await admin.client.setMode('human');
  await visitor.until('the silence', ({ transcript }) => transcript.answers.length === 0);
  await admin.client.setMode('ai');
  provider.scriptNext(answer('Second'));
  await visitor.client.retry();
  await visitor.untilLines('a', 'First', 'b', 'Second');
});

test('a visitor does no admin’s work', async () => {
  using visitor = new WatchedClient({ url: urlA });
  await visitor.untilOnline();
  await expect(visitor.client.setMode('human')).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  visitor.client.sayAsAdmin('I am the boss');
  await visitor.until(
    'the refusal',
    ({ transcript }) => transcript.outgoing[0]?.error?.code === 'UNAUTHORIZED',
  );
});

test('a gateway that drains sends its clients away in mid-answer, and nothing is lost', async () => {
  const asked = provider.requests.length;
  provider.scriptNext(pieces(['Half', ' and', ' half'], { stepped: true }));
  const leaving = await cluster.addGateway();
  await using proxy = await SwitchableProxy.start(leaving.port);
  using visitor = new WatchedClient({ url: proxy.url });
  visitor.client.send('x');
  await provider.waitFor(requests => requests.length > asked);
  provider.step();
  await visitor.untilLines('x', 'Half…');
  proxy.target = cluster.gateways[0]?.port;
  const gone = leaving.terminate();
  await visitor.until('the notice', () => visitor.shown.some(({ connection }) => connection === 'draining'));
  // It goes on hearing what happens until it moves.
  provider.step();
  await visitor.untilLines('x', 'Half and…');
  await visitor.untilOnline();
  provider.step();
  await visitor.untilLines('x', 'Half and half');
  expect(visitor.shown.map(({ connection }) => connection)).not.toContain('waiting');
  expect(visitor.jumps()).toEqual([]);
  expect(provider.requests.length - asked).toBe(1);
  expect(await gone).toBe(0);
});

test('clients learn their place in the queue while no worker is free', async () => {
  provider.script(answer('At last'));
  for (const worker of cluster.workers) await worker.kill();
  using visitor = new WatchedClient({ url: urlA });
  visitor.client.send('x');
  await visitor.until('the place', ({ transcript }) => transcript.answers[0]?.queuePosition === 1);
  for (const worker of cluster.workers) await worker.restart();
  await visitor.untilLines('x', 'At last');
});
