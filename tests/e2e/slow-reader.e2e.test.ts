import { randomUUID } from 'node:crypto';
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
