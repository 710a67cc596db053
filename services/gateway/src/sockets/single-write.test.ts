import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket as Connection } from 'node:net';
import { Server, type Namespace } from 'socket.io';
import { io as connect } from 'socket.io-client';
import { expect, test } from 'vitest';
import { inSingleWrites } from './single-write.ts';

/** What a room is told arrives whole, and how often header and payload were written as two. */
async function tell(payloads: readonly string[], prepare: (adapter: Namespace['adapter']) => void) {
  const http = createServer();
  const connections: Connection[] = [];
  http.on('connection', (connection: Connection) => connections.push(connection));
  const server = new Server(http);
  prepare(server.of('/').adapter);
  await once(http.listen(0, '127.0.0.1'), 'listening');
  const { port } = http.address() as AddressInfo;
  const client = connect(`http://127.0.0.1:${port}`, { transports: ['websocket'], forceNew: true });
  await once(client as never, 'connect');
  let pairs = 0;
  for (const connection of connections) {
    const writev = connection._writev?.bind(connection);
    connection._writev = (chunks, done) => {
      pairs += 1;
      writev?.(chunks, done);
    };
  }
  const heard: string[] = [];
  // One after the other: what waits for the socket is written together, whatever it consists of.
  for (const payload of payloads) {
    const said = once(client as never, 'piece');
    server.local.emit('piece', payload);
    heard.push(((await said) as [string])[0]);
  }
  const pairsSoFar = pairs;
  client.disconnect();
  await server.close();
  return { heard, pairs: pairsSoFar };
}

const payloads = ['', 'Hello', 'Grüße 🚋', 'x'.repeat(200), 'y'.repeat(70_000)];

test('a frame goes out as one buffer, and arrives as it was', async () => {
  const { heard, pairs } = await tell(payloads, inSingleWrites);
  expect(heard).toEqual(payloads);
  expect(pairs).toBe(0);
});

test('without it, socket.io and ws write two: the reason for it is still there', async () => {
  const { heard, pairs } = await tell(payloads, () => undefined);
  expect(heard).toEqual(payloads);
  expect(pairs).toBeGreaterThan(0);
});

test('an adapter without those internals is left as it is', () => {
  const other = { broadcast: () => undefined };
  expect(inSingleWrites(other)).toBe(other);
  expect(Object.keys(other)).toEqual(['broadcast']);
});
