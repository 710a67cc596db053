import { randomUUID } from 'node:crypto';
import { Cluster, ScriptedProvider, answer, holdAfter, pieces } from '@parley/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nativeClient, send, shownText } from './clients/native-client.ts';

let provider: ScriptedProvider;
let cluster: Cluster;
let url: string;

beforeAll(async () => {
  provider = await ScriptedProvider.start();
  cluster = await Cluster.start({ provider });
  [url = ''] = cluster.gateways.map(gateway => gateway.url);
});
afterAll(async () => {
  await cluster.stop();
  await provider.stop();
});

test('who leaves a conversation hears no more of it, but of the others', async () => {
  provider.script(answer('Yes'));
  const [left, kept] = [randomUUID(), randomUUID()];
  using client = await nativeClient(url);
  using other = await nativeClient(url);
  for (const conversationId of [left, kept]) await client.ask('resume', { conversationId });
  expect(await client.ask('leave', { conversationId: left })).toEqual({ ok: true });
  for (const conversationId of [left, kept]) {
    const { answerId } = await send(other, conversationId, 'Anybody there?');
    await other.until('answer-ended', ({ id }) => id === answerId);
  }
  await other.ask('typing', { conversationId: left, isTyping: true });
  await client.until('answer-ended');
  // Whatever was on its way to it has come when it is answered.
  await client.ask('resume', { conversationId: kept });
  const places = client.events.map(({ payload }) => payload.conversationId).filter(Boolean);
  expect(new Set(places)).toEqual(new Set([kept]));
});

test.each([
  ['holds a part gets the rest', 1, 3, 3],
  ['holds all of it gets an empty rest', 1, 7, 7],
  ['says that it holds more than there is starts again', 1, 8, 0],
  ['holds another epoch starts again', 2, 3, 0],
])('a client that %s', async (_, epoch, held, offset) => {
  provider.scriptNext(pieces(['One', ' two', ' three'], { faults: [holdAfter(2)] }));
  const conversationId = randomUUID();
  using visitor = await nativeClient(url);
  const { answerId } = await send(visitor, conversationId, 'Count');
  await visitor.until('answer-piece', piece => piece.offset === 3);
  const positions = [{ answerId, epoch, offset: held }];
  using client = await nativeClient(url);
  const { pieces: missing } = await client.ask('resume', { conversationId, positions });
  const text = 'One two'.slice(offset);
  expect(missing).toEqual([{ conversationId, answerId, epoch: 1, offset, text }]);
  provider.release();
  const { content } = await visitor.until('answer-ended');
  expect(shownText(visitor, answerId)).toBe(content);
});
