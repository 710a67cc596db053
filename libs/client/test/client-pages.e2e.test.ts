import { randomUUID } from 'node:crypto';
import { Cluster, ScriptedProvider, answer, holdAfter, pieces, waitFor } from '@parley/testkit';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SwitchableProxy } from './switchable-proxy.ts';
import { WatchedClient } from './watched-client.ts';

/** More than two pages. */
const MESSAGES = 20;
const LONG = 'x'.repeat(31_000);

let provider: ScriptedProvider;
let cluster: Cluster;

beforeAll(async () => {
  provider = await ScriptedProvider.start();
  cluster = await Cluster.start({ provider, env: { DOUBLE_TEXT: 'reject' } });
});
afterAll(async () => {
  await cluster.stop();
  await provider.stop();
});

const gateway = () => cluster.gateways[0];
const url = (): string => gateway()?.url ?? '';

async function openConversation(): Promise<string> {
  using client = new WatchedClient({ url: url() });
  await client.untilOnline();
  return client.snapshot.transcript.conversationId ?? '';
}

/** Messages of an admin, which nobody answers. */
async function say(conversationId: string, from: number, to: number): Promise<void> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${cluster.internalToken}` };
  for (let count = from; count < to; count++) {
    const said = { conversationId, clientMessageId: `k${count}`, role: 'admin', content: `${count} ${LONG}` };
    const path = `${cluster.histories[0]?.url}/conversations/${conversationId}/messages`;
    const stored = await fetch(path, { method: 'POST', headers, body: JSON.stringify(said) });
    expect(stored.status).toBe(200);
  }
}

const numbersOf = ({ snapshot }: WatchedClient): number[] =>
  snapshot.transcript.messages.map(({ content }) => Number.parseInt(content));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

test('a long conversation: the newest page first, what is older when it is asked for, what was missed by itself', async () => {
  await using proxy = await SwitchableProxy.start(gateway()?.port);
  const conversationId = await openConversation();
  await say(conversationId, 0, 1);
  using reader = new WatchedClient({ url: proxy.url, conversationId });
  await reader.untilOnline();
  await say(conversationId, 1, MESSAGES);
  await reader.until('all messages', ({ transcript }) => transcript.messages.length === MESSAGES);

  using late = new WatchedClient({ url: url(), conversationId });
  await late.untilOnline();
  expect(late.snapshot.transcript.hasOlder).toBe(true);
  expect(numbersOf(late)).toEqual(upTo(MESSAGES).slice(-numbersOf(late).length));
  while (late.snapshot.transcript.hasOlder) await late.client.loadOlder();
  expect(numbersOf(late)).toEqual(upTo(MESSAGES));

  proxy.target = undefined;
  proxy.dropAll();
  await reader.until('the loss', ({ connection }) => connection === 'waiting');
  await say(conversationId, MESSAGES, 2 * MESSAGES);
  proxy.target = gateway()?.port;
  await reader.until('what was missed', ({ transcript }) => transcript.messages.length === 2 * MESSAGES);
  expect(numbersOf(reader)).toEqual(upTo(2 * MESSAGES));
});

test('the policy for a second message is told; a rejected one fails, and can be sent again later', async () => {
  provider.scriptNext(pieces(['One', ' done'], { faults: [holdAfter(1)] }), answer('Two done'));
  using visitor = new WatchedClient({ url: url() });
  await visitor.untilOnline();
  expect(visitor.snapshot.transcript.doubleText).toBe('reject');
  visitor.client.send('1');
  await visitor.untilLines('1', 'One…');
  const second = visitor.client.send('2');
  await visitor.until('the refusal', ({ transcript: { outgoing } }) => outgoing[0]?.status === 'failed');
  expect(visitor.snapshot.transcript.outgoing[0]?.error?.code).toBe('ANSWER_IN_PROGRESS');
  provider.release();
  await visitor.untilLines('1', 'One done', '2');
  visitor.client.resend(second);
  await visitor.untilLines('1', 'One done', '2', 'Two done');
});

test('every resume tells what the handles of live answers stand for', async () => {
  provider.scriptNext(pieces(['One', ' done'], { faults: [holdAfter(1)] }));
  const conversationId = randomUUID();
  const socket = io(`${url()}/native`, { forceNew: true });
  const started: unknown[] = [];
  const heard: unknown[] = [];
  socket.on('answer-started', attempt => started.push(attempt));
  socket.on('piece', piece => heard.push(piece));
  try {
    await socket.emitWithAck('resume', { conversationId });
    await socket.emitWithAck('send', { conversationId, clientMessageId: 'k', content: 'x' });
    await waitFor(() => heard.length > 0, { what: 'a piece' });
    await socket.emitWithAck('resume', { conversationId });
    expect(started).toHaveLength(2);
    expect(started[1]).toEqual(started[0]);
  } finally {
    provider.release();
    socket.disconnect();
  }
});
