import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';
import { listen } from '@parley/platform';
import { expect, onTestFinished, test } from 'vitest';
import { StreamingFetch } from './streaming-fetch.ts';

async function serve(listener: RequestListener) {
  const http = await listen(listener, { port: 0, host: '127.0.0.1' });
  const client = new StreamingFetch();
  let connections = 0;
  http.server.on('connection', () => (connections += 1));
  onTestFinished(async () => {
    client[Symbol.dispose]();
    await http.stop(0);
  });
  return { client, url: `http://127.0.0.1:${http.port}/`, connections: () => connections };
}

const post = (body: string): RequestInit => ({ method: 'POST', body, headers: { 'x-key': 'k' } });

test('sends method, headers and body, and hands out the body of the response', async () => {
  const { client, url } = await serve((request, response) => {
    void text(request).then(body => {
      const { method, headers } = request;
      response.setHeader('x-request-id', 'r1');
      response.end([method, headers['x-key'], headers['accept-encoding'], body].join(' '));
    });
  });
  const response = await client.fetch(url, post('{}'));
  expect([response.status, response.headers.get('x-request-id')]).toEqual([200, 'r1']);
  expect(await text(client.takeBody(response))).toBe('POST k identity {}');
});

test('uses its connection again', async () => {
  const { client, url, connections } = await serve((request, response) => {
    request.resume();
    response.end('x');
  });
  for (let round = 0; round < 3; round++) {
    await text(client.takeBody(await client.fetch(url, post('{}'))));
    // The agent takes the connection back in the next turn.
    await new Promise(resolve => setImmediate(resolve));
  }
  expect(connections()).toBe(1);
});

test('an error comes with its body, as much of it as anybody wants to read', async () => {
  const { client, url } = await serve((_request, response) => {
    response.writeHead(400).end('x'.repeat(1_000_000));
  });
  const response = await client.fetch(url);
  expect(response.status).toBe(400);
  expect(await response.text()).toHaveLength(64 * 1024);
});

test('an abort before the response rejects and leaves the server', async () => {
  const arrived = Promise.withResolvers<IncomingMessage>();
  const { client, url } = await serve(request => arrived.resolve(request));
  const controller = new AbortController();
  const fetching = client.fetch(url, { signal: controller.signal });
  const request = await arrived.promise;
  const left = new Promise(resolve => request.socket.once('close', resolve));
  controller.abort();
  await expect(fetching).rejects.toMatchObject({ name: 'AbortError' });
  await left;
});

test('an abort in the middle of the body cuts it', async () => {
  const { client, url } = await serve((_request, response) => {
    response.write('begin');
  });
  const controller = new AbortController();
  const body = client.takeBody(await client.fetch(url, { signal: controller.signal }));
  const reading = text(body);
  controller.abort();
  await expect(reading).rejects.toThrow();
});

test('no server is an error with its code', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise(resolve => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise(resolve => server.close(resolve));
  using client = new StreamingFetch();
  await expect(client.fetch(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
