import { createServer } from 'node:http';
import { once } from 'node:events';
import { json } from 'node:stream/consumers';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { JsonClient } from './json-client.ts';

/** Answers with what it was sent; `/silence` is never answered, `/text` with something that is no JSON. */
async function echo(): Promise<{ url: string; connections: () => number } & AsyncDisposable> {
  let connections = 0;
  const server = createServer((request, response) => {
    const { method, url } = request;
    if (url === '/silence') return;
    if (url === '/text') return void response.end('Bad gateway');
    void json(request)
      .catch(() => undefined)
      .then(body => response.writeHead(201).end(JSON.stringify({ method, url, body })));
  });
  server.on('connection', () => (connections += 1));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  };
  return { url, connections: () => connections, [Symbol.asyncDispose]: close };
}

const call = { method: 'POST', headers: { 'content-type': 'application/json' }, timeoutMs: 5_000 };

const METHODS = ['POST', 'PATCH', 'DELETE', 'GET', 'DELETE'];

test('sends and takes JSON with any method, over connections that stay open', async () => {
  await using server = await echo();
  using client = new JsonClient();
  const callAll = async (): Promise<number> => {
    for (const method of METHODS) {
      const body = method.startsWith('P') ? { text: 'Grüße 👋' } : undefined;
      const reply = await client.send({ ...call, method, url: `${server.url}/x?y=1`, body });
      expect(reply).toEqual({ status: 201, body: { method, url: '/x?y=1', ...(body && { body }) } });
    }
    return server.connections();
  };
  // A reply is read to its end before its connection is free again, so one call after the other takes a few.
  const first = await callAll();
  expect(first).toBeLessThan(METHODS.length);
  for (let round = 0; round < 10; round++) await callAll();
  expect(await callAll()).toBeLessThan(METHODS.length);
});

test('fails when the time is over, the reply is no JSON, or nobody is there', async () => {
  await using server = await echo();
  using client = new JsonClient();
  await expect(client.send({ ...call, url: `${server.url}/silence`, timeoutMs: 20 })).rejects.toThrow();
  await expect(client.send({ ...call, url: `${server.url}/text` })).rejects.toThrow();
  await expect(client.send({ ...call, url: 'http://127.0.0.1:1/' })).rejects.toThrow();
});
