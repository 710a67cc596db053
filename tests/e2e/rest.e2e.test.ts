import { randomUUID } from 'node:crypto';
import { Cluster, ScriptedProvider, answer, waitFor } from '@parley/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call } from './clients/rest-client.ts';

let provider: ScriptedProvider;
let cluster: Cluster;
let urlA: string;
let urlB: string;

beforeAll(async () => {
  provider = await ScriptedProvider.start();
  provider.script(answer('The answer'));
  cluster = await Cluster.start({ gateways: 2, workers: 2, provider, env: { MAX_MESSAGE_CHARS: '1000' } });
  [urlA, urlB] = cluster.gateways.map(({ url }) => url) as [string, string];
});
afterAll(async () => {
  await cluster.stop();
  await provider.stop();
});

const text = (): string => expect.any(String) as string;
const isoTime = (): string => expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string;

test('health tells how the gateway is', async () => {
  const { status, body } = await call(urlA, '/api/health');
  expect(status).toBe(200);
  expect(body).toEqual({
    status: 'OK',
    timestamp: isoTime(),
    version: text(),
    uptime: expect.any(Number) as number,
    memory: expect.any(Object) as object,
    dependencies: { redis: 'up', history: 'up' },
    instance: text(),
  });
  expect((await call(urlA, '/livez')).status).toBe(200);
  expect((await call(urlA, '/readyz')).status).toBe(200);
});

describe('the AI chat API', () => {
  test('POST /api/chat waits for the whole answer; the conversation can then be read, listed and deleted anywhere', async () => {
    const question = `What is the meaning of life, and does it fit into fifty characters?`;
    const { status, body } = await call(urlA, '/api/chat', { body: { message: question } });
    expect(status).toBe(200);
    const { id } = body.conversation;
    const message = {
      id: text(),
      content: 'The answer',
      role: 'assistant',
      timestamp: isoTime(),
      conversationId: id,
    };
    const conversation = {
      id: text(),
      title: `${question.slice(0, 50)}...`,
      messages: [{ ...message, content: question, role: 'user' }, message],
      createdAt: isoTime(),
      updatedAt: isoTime(),
    };
    expect(body).toEqual({ message, conversation });

    expect((await call(urlB, `/api/conversations/${id}`)).body).toEqual(conversation);
    expect((await call(urlB, '/api/conversations')).body[0]).toEqual(conversation);

    const again = await call(urlB, '/api/chat', { body: { message: 'And now?', conversationId: id } });
    expect(again.body.conversation.messages).toHaveLength(4);

    const deleted = await call(urlA, `/api/conversations/${id}`, { method: 'DELETE' });
    expect(deleted.body).toEqual({ message: 'Conversation deleted successfully' });
    expect(await call(urlB, `/api/conversations/${id}`)).toMatchObject({
      status: 404,
      body: { code: 'CONVERSATION_NOT_FOUND', message: 'Conversation not found' },
    });
  });

  test('the list is newest first and goes on in the next page', async () => {
    for (const message of ['one', 'two', 'three']) await call(urlA, '/api/chat', { body: { message } });
    const page = await call(urlA, '/api/conversations?limit=2');
    expect(page.body.map(({ title }: { title: string }) => title)).toEqual(['three', 'two']);
    const next = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1] ?? '';
    expect((await call(urlB, next)).body[0].title).toBe('one');
  });

  test('repeated with the same Idempotency-Key it gives the same ids, and is stored and asked once', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const asked = provider.requests.length;
    const send = (url: string) => call(url, '/api/chat', { body: { message: 'Once' }, headers });
    const [first, second] = await Promise.all([send(urlA), send(urlB)]);
    expect(second.body.message.id).toBe(first.body.message.id);
    const third = await send(urlB);
    expect(third.body).toEqual(first.body);
    expect(third.body.conversation.messages).toHaveLength(2);
    expect(provider.requests.length - asked).toBe(1);
  });

  test('an unknown conversation is not made up', async () => {
    const reply = await call(urlA, '/api/chat', { body: { message: 'Hi', conversationId: randomUUID() } });
    expect(reply).toMatchObject({ status: 404, body: { code: 'CONVERSATION_NOT_FOUND' } });
  });
});

describe('the support API', () => {
  test('a session, its messages and the AI answer', async () => {
    const created = await call(urlA, '/api/chat/session', {
      body: { userAgent: 'UA', ipAddress: '10.0.0.9' },
    });
    expect(created.body).toEqual({
      sessionId: text(),
      session: {
        id: text(),
        userAgent: 'UA',
        ipAddress: '10.0.0.9',
        createdAt: isoTime(),
        updatedAt: isoTime(),
      },
      token: text(),
    });
    const { sessionId } = created.body;
    const found = await call(urlB, '/api/chat/session', { body: { sessionId } });
    expect(found.body.session).toEqual(created.body.session);

    const body = { sessionId, content: 'Hello', sender: 'user' };
    const sent = await call(urlA, '/api/chat/message', { body });
    expect(sent.body).toEqual({
      id: text(),
      content: 'Hello',
      sender: 'user',
      timestamp: isoTime(),
      sessionId,
    });

    const read = async () => (await call(urlB, `/api/chat/messages/${sessionId}`)).body.messages;
    const messages = await waitFor(async () => ((await read()).length === 2 ? await read() : undefined), {
      what: 'the answer',
    });
    expect(messages).toEqual([
      { ...sent.body, isAI: false },
      { id: text(), content: 'The answer', sender: 'ai', timestamp: isoTime(), sessionId, isAI: true },
    ]);
  });

  test('a lost session is healed under its id, by the session call as well as by a message', async () => {
    const sessionId = randomUUID();
    const healed = await call(urlA, '/api/chat/session', { body: { sessionId } });
    expect(healed.body.sessionId).toBe(sessionId);
    const other = randomUUID();
    const sent = await call(urlB, '/api/chat/message', {
      body: { sessionId: other, content: 'x', sender: 'user' },
    });
    expect(sent.body.sessionId).toBe(other);
  });

  test('only an admin speaks as one', async () => {
    const sessionId = randomUUID();
    await call(urlA, '/api/chat/session', { body: { sessionId } });
    const body = { sessionId, content: 'Trust me', sender: 'admin' };
    expect(await call(urlA, '/api/chat/message', { body })).toMatchObject({
      status: 401,
      body: { code: 'UNAUTHORIZED' },
    });
    const headers = { authorization: `Bearer ${cluster.adminToken}` };
    expect((await call(urlA, '/api/chat/message', { body, headers })).body).toMatchObject({
      sender: 'admin',
    });
    expect((await call(urlA, `/api/chat/messages/${sessionId}`)).body.messages).toHaveLength(1);
  });

  test('a message repeated with the same key is stored once', async () => {
    const sessionId = randomUUID();
    const headers = { 'idempotency-key': randomUUID() };
    const body = { sessionId, content: 'Once', sender: 'user' };
    const sends = [urlA, urlB, urlA].map(url => call(url, '/api/chat/message', { body, headers }));
    const ids = (await Promise.all(sends)).map(reply => reply.body.id as string);
    expect(new Set(ids).size).toBe(1);
  });
});

describe('bad input', () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;

  test.each([
    ['POST', '/api/chat', {}, 'Message is required'],
    ['POST', '/api/chat', { message: '' }, 'Message is required'],
    ['POST', '/api/chat', { message: { $ne: null } }, undefined],
    ['POST', '/api/chat', { message: ['x'] }, undefined],
    ['POST', '/api/chat', { message: 'x', conversationId: { $gt: '' } }, undefined],
    ['POST', '/api/chat', '{"message":', 'The body is not valid JSON'],
    ['POST', '/api/chat', deep, undefined],
    ['POST', '/api/chat', '[]', undefined],
    ['POST', '/api/chat/message', { sessionId: 'a', content: 'x', sender: 'ai' }, undefined],
    ['POST', '/api/chat/message', { sessionId: 'a b', content: 'x', sender: 'user' }, undefined],
    ['POST', '/api/chat/session', { sessionId: { $ne: 1 } }, undefined],
    ['GET', '/api/conversations?limit=0', undefined, undefined],
    ['GET', '/api/conversations?limit=1&limit=2', undefined, undefined],
    ['GET', '/api/conversations/%7B%24ne%7D', undefined, undefined],
  ])('%s %s %j is refused', async (method, path, body, message) => {
    const reply = await call(urlA, path, { method, body });
    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({ code: 'INVALID_REQUEST', message: message ?? text() });
    expect(reply.body).not.toHaveProperty('stack');
  });

  test('a message beyond the limit is too long', async () => {
    const reply = await call(urlA, '/api/chat', { body: { message: 'x'.repeat(1001) } });
    expect(reply).toMatchObject({ status: 413, body: { code: 'MESSAGE_TOO_LONG' } });
  });

  test('an Idempotency-Key that is none is refused', async () => {
    const reply = await call(urlA, '/api/chat', {
      body: { message: 'x' },
      headers: { 'idempotency-key': 'a b' },
    });
    expect(reply).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } });
  });

  test('an unknown path is not found, in the form of the contracts', async () => {
    expect(await call(urlA, '/api/nothing')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  });
});

test('the rate limit counts across gateways and spares health', async () => {
  await using limited = await Cluster.start({ gateways: 2, env: { RATE_LIMIT_MAX_REQUESTS: '3' } });
  const [first, second] = limited.gateways.map(({ url }) => url) as [string, string];
  for (const url of [first, second, first]) expect((await call(url, '/api/conversations')).status).toBe(200);
  const refused = await call(second, '/api/conversations');
  expect(refused).toMatchObject({
    status: 429,
    body: { message: 'Too many requests from this IP', code: 'RATE_LIMIT_EXCEEDED' },
  });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(refused.headers.get('ratelimit-limit')).toBe('3');
  expect((await call(second, '/api/health')).status).toBe(200);
});

test('pages of other sites may not call; helmet and CORS say so', async () => {
  const allowed = await call(urlA, '/api/health', { headers: { origin: 'http://localhost:5173' } });
  expect(allowed.headers.get('access-control-allow-origin')).toBe('http://localhost:5173');
  const foreign = await call(urlA, '/api/health', { headers: { origin: 'http://evil.example' } });
  expect(foreign).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
  expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
  expect(foreign.headers.get('x-content-type-options')).toBe('nosniff');
  expect(foreign.headers.get('x-powered-by')).toBeNull();
});
