import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Cluster, ScriptedProvider, answer, holdAfter, pieces } from '@parley/testkit';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { call, type Reply } from './clients/rest-client.ts';

let provider: ScriptedProvider;
let cluster: Cluster;

beforeAll(async () => {
  provider = await ScriptedProvider.start();
  cluster = await Cluster.start({ provider });
});
afterAll(async () => {
  await cluster.stop();
  await provider.stop();
});

/** Asks as a program does that can repeat its request. */
function ask(url: string, key: string, message: string): Promise<Reply> {
  return call(url, '/api/chat', { body: { message }, headers: { 'Idempotency-Key': key } });
}

/** A history that stores a turn and then does not answer what became of it. */
async function silentHistory(): Promise<string> {
  const at = new Date().toISOString();
  const json = (response: ServerResponse, body: object): void =>
    void response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  const server = createServer(({ url = '' }, response) => {
    const [, conversationId = '', kind, messageId] = url.split('?', 1)[0]?.match(PATH) ?? [];
    const message = { conversationId, content: 'x', createdAt: at, updatedAt: at };
    if (url === '/readyz') json(response, {});
    else if (messageId !== undefined) return;
    else if (kind === 'turns')
      json(response, {
        message: { ...message, id: 'm_1', seq: 1, role: 'user', status: 'complete' },
        answer: { ...message, id: 'a_1', seq: 2, role: 'assistant', status: 'pending' },
        ...{ enqueue: false, created: true },
      });
    else if (kind === 'messages') json(response, { messages: [] });
    else
      json(response, {
        conversation: { id: conversationId, title: '', mode: 'ai', createdAt: at, updatedAt: at },
      });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const PATH = /^\/conversations\/([^/]+)(?:\/(\w+)(?:\/([^/]+))?)?$/;

test('a history that hangs while a request waits: it is told to come again, and the gateway lives', async () => {
  const gateway = await cluster.addGateway({ HISTORY_URL: await silentHistory(), ANSWER_WAIT_MS: '1000' });
  const reply = await ask(gateway.url, randomUUID(), 'Hello?');
  expect(reply).toMatchObject({ status: 504, body: { code: 'ANSWER_TIMEOUT' } });
  expect((await call(gateway.url, '/livez')).status).toBe(200);
});

test('a gateway stopped while a request waits: it goes on elsewhere, and the model is asked once', async () => {
  provider.scriptNext(pieces(['Worth', ' waiting for'], { faults: [holdAfter(1)] }));
  const leaving = await cluster.addGateway({ SHUTDOWN_GRACE_MS: '4000' });
  const [staying] = cluster.gateways;
  const key = randomUUID();
  const asked = provider.requests.length;
  const refused = ask(leaving.url, key, 'Take your time');
  await provider.waitFor(requests => requests.length > asked);
  expect(await leaving.terminate()).toBe(0);
  const { status, body, headers } = await refused;
  expect({ status, body }).toMatchObject({
    status: 504,
    body: { code: 'ANSWER_TIMEOUT', retryAfterMs: expect.any(Number) as number },
  });
  expect(headers.get('retry-after')).toBe('1');

  const again = ask(staying?.url ?? '', key, 'Take your time');
  provider.release();
  const answered = await again;
  expect(answered).toMatchObject({ status: 200, body: { message: { content: 'Worth waiting for' } } });
  expect(answered.body.conversation.messages.map(({ content }: { content: string }) => content)).toEqual([
    'Take your time',
    'Worth waiting for',
  ]);
  expect(provider.requests.length - asked).toBe(1);
});

test('a gateway stopped while a request waits for an answer that is nearly there: it gets it', async () => {
  provider.script(answer('Just in time', { everyMs: 300 }));
  const leaving = await cluster.addGateway();
  const asked = provider.requests.length;
  const waiting = ask(leaving.url, randomUUID(), 'Quick');
  await provider.waitFor(requests => requests.length > asked);
  expect(await leaving.terminate()).toBe(0);
  expect(await waiting).toMatchObject({ status: 200, body: { message: { content: 'Just in time' } } });
});
