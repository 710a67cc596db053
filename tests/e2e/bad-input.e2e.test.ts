import { randomUUID } from 'node:crypto';
import { Cluster, ScriptedProvider, waitFor } from '@parley/testkit';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RecordingClient } from './clients/recording-client.ts';
import { call } from './clients/rest-client.ts';

const MAX_CHARS = 500;

let provider: ScriptedProvider;
let cluster: Cluster;
let url: string;

beforeAll(async () => {
  provider = await ScriptedProvider.start();
  cluster = await Cluster.start({ provider, env: { MAX_MESSAGE_CHARS: String(MAX_CHARS) } });
  url = cluster.gateways[0]?.url ?? '';
});
afterAll(async () => {
  await cluster.stop();
  await provider.stop();
});

/** Everything is as it was: nothing stored, nothing asked, the gateway serves others. */
async function unharmed(conversationId: string): Promise<void> {
  expect((await call(url, `/api/conversations/${conversationId}`)).status).toBe(404);
  expect(provider.requests).toHaveLength(0);
  using other = await RecordingClient.connect(url);
  expect(await other.ask('join_conversation', { conversationId: randomUUID() })).toEqual({ ok: true });
}

const conversationId = 'bad-input';

test.each([
  ['stream_chat', undefined],
  ['stream_chat', null],
  ['stream_chat', 'text'],
  ['stream_chat', []],
  ['stream_chat', { conversationId }],
  ['stream_chat', { message: '', conversationId }],
  ['stream_chat', { message: '   ', conversationId }],
  ['stream_chat', { message: 42, conversationId }],
  ['stream_chat', { message: { $ne: null }, conversationId }],
  ['stream_chat', { message: 'x', conversationId: { $gt: '' } }],
  ['stream_chat', { message: 'x', conversationId: '' }],
  ['stream_chat', { message: 'x', conversationId: 'a b' }],
  ['join_conversation', { conversationId: ['x'] }],
  ['init_session', { sessionId: { $ne: null } }],
  ['init_session', 'text'],
  ['user_message', { sessionId: conversationId }],
  ['user_message', { sessionId: conversationId, content: {} }],
  ['no_such_event', { conversationId }],
])('%s %j: INVALID_REQUEST, in the acknowledgement and as an error event', async (event, payload) => {
  using client = await RecordingClient.connect(url);
  const ack = await client.ask(event, payload);
  expect(ack).toMatchObject({
    ok: false,
    error: { code: 'INVALID_REQUEST', message: expect.any(String) as string },
  });
  expect(await client.until('error')).toMatchObject({ code: 'INVALID_REQUEST', event });
  await unharmed(conversationId);
});

test('a message beyond the limit is too long', async () => {
  using client = await RecordingClient.connect(url);
  const ack = await client.ask('stream_chat', { message: 'x'.repeat(MAX_CHARS + 1), conversationId });
  expect(ack).toMatchObject({ ok: false, error: { code: 'MESSAGE_TOO_LONG' } });
  await unharmed(conversationId);
});

test('a frame beyond anything sensible closes its connection, and only that', async () => {
  using client = await RecordingClient.connect(url, { reconnection: false });
  client.say('stream_chat', { message: 'x'.repeat(1_000_000), conversationId });
  await waitFor(() => client.socket.disconnected, { what: 'the connection to be closed' });
  await unharmed(conversationId);
});

test('a callback that is not a function is an error, not a crash', async () => {
  using client = await RecordingClient.connect(url);
  client.say('stream_chat', { message: 'x', conversationId }, 'not a function');
  expect(await client.until('error')).toMatchObject({ code: 'INVALID_REQUEST', event: 'stream_chat' });
  client.say('no_such_event', 'a', 'b', { c: 1 });
  expect(await client.until('error', ({ event }) => event === 'no_such_event')).toBeDefined();
  await unharmed(conversationId);
});

test('a handshake with a token that is no text is refused', async () => {
  const socket = io(url, { forceNew: true, reconnection: false, auth: { token: { $ne: null } } });
  const { promise, resolve } = Promise.withResolvers<Error & { data?: unknown }>();
  socket.on('connect_error', resolve);
  expect((await promise).data).toMatchObject({ code: 'INVALID_REQUEST' });
  socket.disconnect();
});

test.each(['websocket', 'polling'])('a page of another site may not connect by %s', async transport => {
  const options = { forceNew: true, reconnection: false, transports: [transport] };
  const socket = io(url, { ...options, extraHeaders: { origin: 'http://localhost:5173.evil.example' } });
  const { promise, resolve } = Promise.withResolvers<Error>();
  socket.on('connect_error', resolve);
  expect(await promise).toBeInstanceOf(Error);
  socket.disconnect();
  const allowed = { ...options, extraHeaders: { origin: 'http://localhost:5173' } };
  using welcome = await RecordingClient.connect(url, allowed);
  expect(welcome.socket.connected).toBe(true);
});
