import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { createLogger } from '@parley/platform';
import { waitFor } from '@parley/testkit';
import { Counter, Registry } from 'prom-client';
import { Server } from 'socket.io';
import { expect, test } from 'vitest';
import { UnreadReplies } from '../http/unread-replies.ts';
import { connectionsOf } from './cut-off.ts';
import { SlowReaders } from './slow-readers.ts';

const MIB = 1_048_576;
const POLL = '/socket.io/?EIO=4&transport=polling';

const longReply: RequestListener = (_request, response) => response.end('x'.repeat(8 * MIB));

/** A server whose readers are watched, and connections to it on which nothing is read. */
async function watched(app: RequestListener, noProgressMs?: number) {
  const http = createServer(app);
  const io = new Server(http);
  const replies = new UnreadReplies(http, noProgressMs);
  const cut = new Counter({ name: 'cut', help: 'cut', registers: [new Registry()] });
  const slow = new SlowReaders(io, replies, 0, cut, createLogger({ service: 'test', level: 'silent' }));
  const open = new Set<Socket>();
  const seen = new Set<Socket>();
  http.on('connection', (socket: Socket) => {
    seen.add(socket);
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  await once(http.listen(0, '127.0.0.1'), 'listening');
  const { port } = http.address() as AddressInfo;
  const clients: Socket[] = [];
  const ask = async (...paths: string[]): Promise<void> => {
    const client = connect(port, '127.0.0.1').on('error', () => undefined);
    clients.push(client);
    await once(client, 'connect');
    client.pause();
    client.write(paths.map(path => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''));
  };
  const stop = async (): Promise<void> => {
    for (const client of clients) client.destroy();
    slow.stop();
    await io.close();
  };
  const count = async (): Promise<number> => (await cut.get()).values[0]?.value ?? 0;
  return { url: `http://127.0.0.1:${port}`, io, slow, open, seen, count, ask, [Symbol.asyncDispose]: stop };
}

test('a reply that nobody reads is ended, one that is still worked on is not', async () => {
  const answered = Promise.withResolvers<string>();
  await using server = await watched((request, response) => {
    if (request.url === '/quick') response.end('at once');
    else if (request.url === '/long') response.end('x'.repeat(8 * MIB));
    else void answered.promise.then(text => response.end(text));
  }, 300);
  const waiting = fetch(`${server.url}/waits`);
  await server.ask('/quick', '/waits');
  await server.ask('/long');
  await waitFor(() => server.seen.size === 3, { what: 'all to have come' });
  await waitFor(() => server.open.size === 2, { what: 'the one that does not read to be cut off' });
  answered.resolve('at last');
  expect(await (await waiting).text()).toBe('at last');
});

test('what one connection asks for and does not read is bounded, in however many requests', async () => {
  await using server = await watched(longReply);
  await server.ask('/1');
  await server.ask('/1', '/2', '/3');
  await waitFor(async () => (await server.count()) === 1, { what: 'one to be cut off' });
  await waitFor(() => server.open.size === 1, { what: 'its connection to be closed' });
});

test('what all connections of an address do not read is bounded; one that reads is served', async () => {
  await using server = await watched(longReply);
  for (let index = 0; index < 12; index++) await server.ask('/');
  await waitFor(async () => (await server.count()) > 0, { what: 'some to be cut off' });
  await waitFor(() => server.slow.unreadBytes <= 64 * MIB, { what: 'no more than that to be held' });
  expect(server.open.size).toBeGreaterThan(1);
  expect(await (await fetch(server.url)).text()).toHaveLength(8 * MIB);
});

test('a reply to long polling counts like any other', async () => {
  await using server = await watched(longReply);
  const { sid } = JSON.parse((await (await fetch(`${server.url}${POLL}`)).text()).slice(1)) as {
    sid: string;
  };
  const session = `${POLL}&sid=${sid}`;
  await fetch(`${server.url}${session}`, { method: 'POST', body: '40' });
  await fetch(`${server.url}${session}`);
  await server.ask(session);
  const isPolled = (): boolean =>
    connectionsOf(server.io.engine).some(({ transport }) => 'writable' in transport && transport.writable);
  await waitFor(isPolled, { what: 'the poll to have come' });
  server.io.emit('piece', 'x'.repeat(20 * MIB));
  expect(connectionsOf(server.io.engine)[0]?.writeBuffer).toEqual([]);
  await waitFor(async () => (await server.count()) === 1, { what: 'the poller to be cut off' });
  await waitFor(() => server.slow.unreadBytes === 0, { what: 'nothing to be held' });
});
