import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { NATIVE_NAMESPACE } from '@parley/contracts';
import { Cluster, ScriptedProvider, answer, readMetric, waitFor } from '@parley/testkit';
import type { WebSocket } from 'ws';
import { expect, test } from 'vitest';
import { nativeClient, send } from './clients/native-client.ts';
import { RecordingClient } from './clients/recording-client.ts';

/** What the kernel keeps for a client that does not read, and a good deal more. */
const CONVERSATIONS = 80;
/** One who polls is kept everything in the gateway itself. */
const POLLED_CONVERSATIONS = 20;
const LONG_ANSWER = 'All work and no play makes Jack a dull boy. '.repeat(4_000);

/** A list of conversations fills a reply of REST, 8 MB. */
const LISTED_CONVERSATIONS = 60;
const LISTENERS_OF_REST = 30;
const MIB = 1_048_576;

/** The client's end of the line: paused, it reads nothing any more and stays connected. */
function lineOf(client: RecordingClient): WebSocket {
  return (client.socket.io.engine.transport as unknown as { ws: WebSocket }).ws;
}

const cutOff = (gatewayUrl: string): Promise<number> =>
  readMetric(gatewayUrl, 'parley_gateway_slow_readers_cut_total');

/** Lets a client of HTTP long-polling ask no more, once the request that is under way is answered. */
function stopPolling(client: RecordingClient): void {
  const { transport } = client.socket.io.engine as unknown as {
    readonly transport: { pause(onPaused: () => void): void };
  };
  transport.pause(() => undefined);
}

test('a client that does not read is cut off at a cap, and resumes what it missed; nobody else notices', async () => {
  await using provider = await ScriptedProvider.start();
  provider.script(answer(LONG_ANSWER, { piece: 8_000 }));
  await using cluster = await Cluster.start({ provider });
  const url = cluster.gateways[0]?.url ?? '';
  const ids = Array.from({ length: CONVERSATIONS }, () => randomUUID());
  using slow = await nativeClient(url);
  for (const conversationId of ids) await slow.ask('resume', { conversationId });
  lineOf(slow).pause();

  using busy = await nativeClient(url);
  for (const conversationId of ids) await send(busy, conversationId, 'Write a novel');
  const ended = (): boolean => busy.all('answer-ended').length === CONVERSATIONS;
  await waitFor(ended, { what: 'all answers for the one who reads', deadlineMs: 60_000 });
  await waitFor(async () => (await cutOff(url)) === 1, {
    what: 'the slow one to be cut off',
    deadlineMs: 15_000,
  });
  for (const message of busy.all('answer-ended')) expect(message.content).toBe(LONG_ANSWER);

  using again = await nativeClient(url);
  const { messages } = await again.ask('resume', { conversationId: ids.at(-1) });
  expect(messages).toMatchObject([
    { content: 'Write a novel' },
    { content: LONG_ANSWER, status: 'complete' },
  ]);
}, 120_000);

test('a client that does not poll is cut off at the cap too, and resumes what it missed', async () => {
  await using provider = await ScriptedProvider.start();
  provider.script(answer(LONG_ANSWER, { piece: 8_000 }));
  await using cluster = await Cluster.start({ provider });
  const url = cluster.gateways[0]?.url ?? '';
  const ids = Array.from({ length: POLLED_CONVERSATIONS }, () => randomUUID());
  const polling = () => RecordingClient.connect(`${url}${NATIVE_NAMESPACE}`, { transports: ['polling'] });
  using slow = await polling();
  for (const conversationId of ids) await slow.ask('resume', { conversationId });
  const session = slow.socket.io.engine.id;
  stopPolling(slow);

  using busy = await nativeClient(url);
  for (const conversationId of ids) await send(busy, conversationId, 'Write a novel');
  const ended = (): boolean => busy.all('answer-ended').length === POLLED_CONVERSATIONS;
  await waitFor(ended, { what: 'all answers for the one who reads', deadlineMs: 60_000 });
  await waitFor(async () => (await cutOff(url)) === 1, {
    what: 'the slow one to be cut off',
    deadlineMs: 15_000,
  });
  expect(await readMetric(url, 'parley_gateway_connections')).toBe(1);
  expect(slow.all('answer-ended').length).toBeLessThan(POLLED_CONVERSATIONS);
  const late = await fetch(`${url}/socket.io/?EIO=4&transport=polling&sid=${session}`);
  expect(late.status).toBe(400);

  using again = await polling();
  for (const conversationId of ids) {
    const { messages } = await again.ask('resume', { conversationId });
    expect(messages).toMatchObject([
      { content: 'Write a novel' },
      { content: LONG_ANSWER, status: 'complete' },
    ]);
  }
}, 120_000);

/** Asks for something over a connection of its own, from which nothing is ever read. */
async function askAndNotRead(url: string, path: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).on('error', () => undefined);
  await once(socket, 'connect');
  socket.pause();
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  return socket;
}

test('who does not read replies of REST is held little, and cut off after a while; nobody else notices', async () => {
  await using provider = await ScriptedProvider.start();
  provider.script(answer(LONG_ANSWER, { piece: 8_000 }));
  await using cluster = await Cluster.start({ provider });
  const url = cluster.gateways[0]?.url ?? '';
  using reader = await nativeClient(url);
  for (let index = 0; index < LISTED_CONVERSATIONS; index++)
    await send(reader, randomUUID(), 'Write a novel');
  const ended = (): boolean => reader.all('answer-ended').length === LISTED_CONVERSATIONS;
  await waitFor(ended, { what: 'all answers', deadlineMs: 60_000 });
  const unread = (): Promise<number> => readMetric(url, 'parley_gateway_unread_bytes');
  const residentBefore = await readMetric(url, 'process_resident_memory_bytes');

  const silent: Socket[] = [];
  for (let index = 0; index < LISTENERS_OF_REST; index++)
    silent.push(await askAndNotRead(url, '/api/conversations'));
  try {
    await waitFor(async () => (await cutOff(url)) >= LISTENERS_OF_REST / 2, {
      what: 'most of them to be cut off, as they are of one address',
      deadlineMs: 60_000,
    });
    await waitFor(async () => (await unread()) <= 64 * MIB, { what: 'the others to hold a bounded share' });
    expect((await fetch(`${url}/api/conversations?limit=1`)).status).toBe(200);
    await waitFor(async () => (await unread()) === 0, { what: 'nothing to be held', deadlineMs: 60_000 });
    const grown = (await readMetric(url, 'process_resident_memory_bytes')) - residentBefore;
    expect(grown).toBeLessThan(400 * MIB);
    await send(reader, randomUUID(), 'And another one');
    await waitFor(() => reader.all('answer-ended').length > LISTED_CONVERSATIONS, { what: 'its answer' });
  } finally {
    for (const socket of silent) socket.destroy();
  }
}, 180_000);
