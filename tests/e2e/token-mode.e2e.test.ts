import { randomUUID } from 'node:crypto';
import { NATIVE_NAMESPACE } from '@parley/contracts';
import { Cluster, ScriptedProvider, answer, holdAfter, pieces, waitFor } from '@parley/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { forgedToken, seconds, tampered } from './clients/forged-token.ts';
import { RecordingClient } from './clients/recording-client.ts';
import { call } from './clients/rest-client.ts';

const SECRET = 'the-session-secret-of-this-test-only';

let provider: ScriptedProvider;
let cluster: Cluster;
let urlA: string;
let urlB: string;

beforeAll(async () => {
  provider = await ScriptedProvider.start();
  provider.script(answer('The answer'));
  const env = { AUTH_MODE: 'token', SESSION_SECRET: SECRET };
  cluster = await Cluster.start({ gateways: 2, provider, env });
  [urlA, urlB] = cluster.gateways.map(({ url }) => url) as [string, string];
});
afterAll(async () => {
  await cluster.stop();
  await provider.stop();
});

interface Visitor {
  readonly token: string;
  readonly sessionId: string;
  readonly headers: { authorization: string };
}

const bearer = (token: string): { authorization: string } => ({ authorization: `Bearer ${token}` });

async function newVisitor(): Promise<Visitor> {
  const { status, body } = await call(urlA, '/api/chat/session', { body: {} });
  expect(status).toBe(200);
  return { token: body.token, sessionId: body.sessionId, headers: bearer(body.token) };
}

const connect = (token?: string, namespace = ''): Promise<RecordingClient> =>
  RecordingClient.connect(`${urlB}${namespace}`, token === undefined ? {} : { auth: { token } });

/** A visitor whose conversation has a question and an answer. */
async function talkativeVisitor(): Promise<Visitor & { readonly answerId: string }> {
  const visitor = await newVisitor();
  const { sessionId: conversationId, headers } = visitor;
  const { status, body } = await call(urlA, '/api/chat', {
    body: { message: 'My secret is 42', conversationId },
    headers,
  });
  expect(status).toBe(200);
  return { ...visitor, answerId: body.message.id as string };
}

const listed = async (headers: Record<string, string>): Promise<string[]> => {
  const { body } = await call(urlB, '/api/conversations', { headers });
  return (body as { id: string }[]).map(({ id }) => id);
};

describe('a token that the gateway issued', () => {
  test('by REST, init_session or a native resume opens what its visitor made, on every gateway', async () => {
    const rest = await newVisitor();
    using support = await connect();
    const opened = await support.ask('init_session', {});
    using native = await connect(undefined, NATIVE_NAMESPACE);
    const resumed = await native.ask('resume', {});
    const issued = [
      [rest.token, rest.sessionId],
      [opened.token, opened.sessionId],
      [resumed.token, resumed.conversationId],
    ] as [string, string][];
    for (const [token, id] of issued) {
      expect(await listed(bearer(token))).toEqual([id]);
      using again = await connect(token);
      expect(await again.ask('init_session', { sessionId: id })).toMatchObject({ sessionId: id });
      expect(await again.ask('join_conversation', { conversationId: id })).toEqual({ ok: true });
    }
  });

  test('lets its visitor chat: REST, stream, support and native', async () => {
    const { token, sessionId, headers } = await newVisitor();
    const body = { sessionId, content: 'By REST', sender: 'user' };
    expect((await call(urlA, '/api/chat/message', { body, headers })).status).toBe(200);
    using original = await connect(token);
    using native = await connect(token, NATIVE_NAMESPACE);
    const conversationId = sessionId;
    for (const ack of [
      await original.ask('stream_chat', { message: 'stream', conversationId }),
      await original.ask('user_message', { content: 'support', sessionId }),
      await native.ask('send', { content: 'native', conversationId, clientMessageId: randomUUID() }),
    ])
      expect(ack).toMatchObject({ ok: true });
    await waitFor(
      async () =>
        (await call(urlA, `/api/conversations/${sessionId}`, { headers })).body.messages.length === 8,
      { what: 'four answers' },
    );
  });

  test('says who its visitor is, not the connection it comes over', async () => {
    const [anna, bert] = [await talkativeVisitor(), await talkativeVisitor()];
    using socketOfAnna = await connect(anna.token);
    using socketOfBert = await connect(bert.token);
    for (const [socket, own, other] of [
      [socketOfAnna, anna, bert],
      [socketOfBert, bert, anna],
    ] as const) {
      expect(await socket.ask('join_conversation', { conversationId: own.sessionId })).toEqual({ ok: true });
      expect(await socket.ask('join_conversation', { conversationId: other.sessionId })).toMatchObject({
        error: { code: 'CONVERSATION_NOT_FOUND' },
      });
      expect(await listed(own.headers)).toEqual([own.sessionId]);
    }
    // An id that was made with the other one's token gives nothing either.
    const crossed = { sessionId: bert.sessionId };
    const { body } = await call(urlA, '/api/chat/session', { body: crossed, headers: anna.headers });
    expect(body.sessionId).not.toBe(bert.sessionId);
    expect(await listed(anna.headers)).toEqual([body.sessionId, anna.sessionId]);
  });

  test('ends its connection when it expires', async () => {
    const claims = { sub: 'short-lived', exp: seconds(3) };
    const token = forgedToken({ secret: SECRET, claims });
    using socket = await RecordingClient.connect(urlA, { auth: { token }, reconnection: false });
    const opened = await socket.ask('init_session', {});
    expect(opened.sessionId).toBeTypeOf('string');
    await waitFor(() => socket.socket.disconnected, { what: 'the connection to be cut', deadlineMs: 10_000 });
    expect(seconds(0)).toBeGreaterThanOrEqual(claims.exp);
    expect(socket.all('error')).toMatchObject([{ code: 'UNAUTHORIZED' }]);
  });
});

/** What distinguishes two replies to somebody who compares them. */
async function looks(path: string, options: Parameters<typeof call>[2]): Promise<unknown> {
  const { status, headers, body } = await call(urlA, path, options);
  return { status, body, length: headers.get('content-length'), names: [...headers.keys()].sort() };
}

const mistyped = (id: string): string => id.slice(0, -1) + (id.endsWith('0') ? '1' : '0');

describe("another visitor's conversation looks exactly like none", () => {
  const calls = (id: string): [path: string, options: Parameters<typeof call>[2]][] => [
    [`/api/conversations/${id}`, {}],
    [`/api/conversations/${id}`, { method: 'DELETE' }],
    [`/api/chat/messages/${id}`, {}],
    ['/api/chat', { body: { message: 'Hi', conversationId: id } }],
    ['/api/chat/message', { body: { sessionId: id, content: 'Hi', sender: 'user' } }],
    ['/api/chat/message', { body: { sessionId: id, content: 'Hi', sender: 'admin' } }],
  ];

  test.each(['a visitor', 'nobody'])('over REST, to %s', async who => {
    const owner = await talkativeVisitor();
    const headers = who === 'nobody' ? {} : (await newVisitor()).headers;
    const before = await call(urlA, `/api/conversations/${owner.sessionId}`, { headers: owner.headers });
    for (const [index, [path, options]] of calls(owner.sessionId).entries()) {
      const foreign = await looks(path, { ...options, headers });
      expect(foreign).toMatchObject({ status: index === 5 ? 401 : 404 });
      for (const unknown of [randomUUID(), mistyped(owner.sessionId)]) {
        const [unknownPath, unknownOptions] = calls(unknown)[index] ?? ['', {}];
        expect(await looks(unknownPath, { ...unknownOptions, headers })).toEqual(foreign);
      }
    }
    expect(
      await call(urlA, `/api/conversations/${owner.sessionId}`, { headers: owner.headers }),
    ).toMatchObject({
      status: 200,
      body: before.body,
    });
  });

  const original = (id: string): [event: string, payload: unknown][] => [
    ['join_conversation', { conversationId: id }],
    ['stream_chat', { conversationId: id, message: 'Hi' }],
    ['user_message', { sessionId: id, content: 'Hi' }],
    ['leave_conversation', { conversationId: id }],
    ['get-messages', { sessionId: id }],
    ['admin_message', { sessionId: id, content: 'I am the boss' }],
  ];
  const native =
    (answerId: string, key: string) =>
    (id: string): [event: string, payload: unknown][] => [
      ['send', { conversationId: id, clientMessageId: key, content: 'Hi' }],
      ['edit', { conversationId: id, clientMessageId: key, content: 'Hi', messageId: answerId }],
      ['stop', { conversationId: id, answerId }],
      ['retry', { conversationId: id, answerId, clientMessageId: key }],
      ['typing', { conversationId: id, isTyping: true }],
      ['leave', { conversationId: id }],
      ['set-mode', { conversationId: id, mode: 'human' }],
      ['say-as-admin', { conversationId: id, clientMessageId: key, content: 'I am the boss' }],
    ];

  test.each(['a visitor', 'nobody'])('over sockets, to %s; and nothing leaks later', async who => {
    const owner = await talkativeVisitor();
    const token = who === 'nobody' ? undefined : (await newVisitor()).token;
    using here = await connect(token);
    using there = await connect(token, NATIVE_NAMESPACE);
    const catalogs = [
      [here, original],
      [there, native(owner.answerId, randomUUID())],
    ] as const;
    for (const [socket, events] of catalogs) {
      const told = async (id: string): Promise<unknown[]> => {
        const from = socket.events.length;
        const acks = [];
        for (const [event, payload] of events(id)) acks.push(await socket.ask(event, payload));
        // The error event of the last call comes after its acknowledgement.
        const failed = acks.filter(ack => ack.ok === false).length;
        await waitFor(() => socket.events.length === from + failed, { what: 'the error events' });
        return [...acks, ...socket.events.slice(from)];
      };
      const foreign = await told(owner.sessionId);
      expect(JSON.stringify(foreign)).not.toContain(owner.sessionId);
      for (const unknown of [randomUUID(), mistyped(owner.sessionId)])
        expect(await told(unknown)).toEqual(foreign);
    }
    const heard = here.events.length + there.events.length;
    expect(await activeSessions()).not.toContain(owner.sessionId);

    using itself = await connect(owner.token);
    await itself.ask('stream_chat', { message: 'Still here', conversationId: owner.sessionId });
    await itself.until('stream_complete');
    await here.ask('leave_conversation', { conversationId: randomUUID() });
    await there.ask('leave', { conversationId: randomUUID() });
    expect(here.events.length + there.events.length).toBe(heard);
    const { body } = await call(urlA, `/api/chat/messages/${owner.sessionId}`, { headers: owner.headers });
    expect(body.messages.map(({ content }: { content: string }) => content)).toEqual([
      'My secret is 42',
      'The answer',
      'Still here',
      'The answer',
    ]);
  });

  test('init_session and a native resume give a new conversation, the same for both kinds of id', async () => {
    const owner = await talkativeVisitor();
    const positions = [{ answerId: owner.answerId, epoch: 1, offset: 0 }];
    for (const id of [owner.sessionId, randomUUID()]) {
      using support = await connect();
      const opened = await support.ask('init_session', { sessionId: id });
      expect(Object.keys(opened).sort()).toEqual(['sessionId', 'token']);
      using native = await connect(undefined, NATIVE_NAMESPACE);
      const resumed = await native.ask('resume', { conversationId: id, positions });
      expect(resumed).toMatchObject({ ok: true, messages: [], pieces: [], mode: 'ai' });
      for (const given of [opened.sessionId, resumed.conversationId]) {
        expect(given).toMatch(/^[0-9a-f-]{36}$/);
        expect(given).not.toBe(id);
      }
    }
  });

  test("an answer under way cannot be reached through one's own conversation", async () => {
    const [owner, other] = [await newVisitor(), await newVisitor()];
    provider.scriptNext(pieces(['Held', ' back'], { faults: [holdAfter(1)] }));
    using itself = await connect(owner.token, NATIVE_NAMESPACE);
    const sent = await itself.ask('send', {
      conversationId: owner.sessionId,
      clientMessageId: randomUUID(),
      content: 'Go',
    });
    await itself.ask('resume', { conversationId: owner.sessionId });
    await itself.until('answer-piece');
    using outsider = await connect(other.token, NATIVE_NAMESPACE);
    const own = { conversationId: other.sessionId, answerId: sent.answerId };
    const unknown = { ...own, answerId: `a_${'x'.repeat(22)}` };
    for (const [event, more] of [
      ['stop', {}],
      ['retry', { clientMessageId: randomUUID() }],
    ] as const) {
      const ack = await outsider.ask(event, { ...own, ...more });
      expect(ack).toMatchObject({ ok: false, error: { code: 'ANSWER_NOT_FOUND' } });
      expect(await outsider.ask(event, { ...unknown, ...more })).toEqual(ack);
    }
    const positions = [{ answerId: sent.answerId, epoch: 1, offset: 0 }];
    const resumed = await outsider.ask('resume', { conversationId: other.sessionId, positions });
    expect(resumed).toMatchObject({ messages: [], pieces: [] });
    provider.release();
    expect(await itself.until('answer-ended')).toMatchObject({ content: 'Held back', status: 'complete' });
    expect(outsider.events.filter(({ event }) => event !== 'error')).toEqual([]);
  });
});

async function activeSessions(): Promise<string[]> {
  using admin = await connect(cluster.adminToken);
  await admin.ask('get-sessions');
  const list = (await admin.until('sessions-list')) as unknown as { sessionId: string; isActive: boolean }[];
  return list.filter(({ isActive }) => isActive).map(({ sessionId }) => sessionId);
}

describe('a token that is none opens nothing', () => {
  const claims = { sub: 'someone', exp: seconds(3600) };
  const forgeries: [name: string, make: (owner: Visitor & { sub: string }) => string | undefined][] = [
    ['none', () => undefined],
    ['expired', ({ sub }) => forgedToken({ secret: SECRET, claims: { sub, exp: seconds(-1) } })],
    ['without an end', ({ sub }) => forgedToken({ secret: SECRET, claims: { sub } })],
    ['wrong secret', ({ sub }) => forgedToken({ secret: 'x'.repeat(40), claims: { ...claims, sub } })],
    ['empty secret', ({ sub }) => forgedToken({ secret: '', claims: { ...claims, sub } })],
    ['alg none', ({ sub }) => forgedToken({ secret: SECRET, alg: 'none', claims: { ...claims, sub } })],
    ['HS512', ({ sub }) => forgedToken({ secret: SECRET, alg: 'HS512', claims: { ...claims, sub } })],
    ['another issuer', ({ sub }) => forgedToken({ secret: SECRET, claims: { ...claims, sub, iss: 'x' } })],
    ['tampered', ({ sub, token }) => tampered(token, { sub, exp: seconds(9999) })],
    ['unsigned', ({ token }) => token.replace(/[^.]+$/, '')],
    ['cut', ({ token }) => token.slice(0, -1)],
  ];

  test.each(forgeries)('%s', async (_name, make) => {
    const owner = await newVisitor();
    const payload = Buffer.from(owner.token.split('.')[1] ?? '', 'base64url').toString();
    const token = make({ ...owner, sub: (JSON.parse(payload) as { sub: string }).sub });
    const headers = token === undefined ? {} : bearer(token);
    expect(await call(urlA, '/api/conversations', { headers })).toMatchObject({
      status: 401,
      body: { code: 'UNAUTHORIZED' },
    });
    expect(await call(urlA, `/api/conversations/${owner.sessionId}`, { headers })).toMatchObject({
      status: 404,
      body: { code: 'CONVERSATION_NOT_FOUND' },
    });
    const started = await call(urlA, '/api/chat', { body: { message: 'Hi' }, headers });
    expect(started).toMatchObject({ status: 401 });
    using socket = await connect(token);
    const ack = await socket.ask('join_conversation', { conversationId: owner.sessionId });
    expect(ack).toMatchObject({ ok: false, error: { code: 'CONVERSATION_NOT_FOUND' } });
    const opened = await socket.ask('init_session', { sessionId: owner.sessionId });
    expect(opened.sessionId).not.toBe(owner.sessionId);
  });

  test('a good one anywhere but in the header and in auth', async () => {
    const { token, sessionId } = await newVisitor();
    for (const secret of [token, cluster.adminToken]) {
      const path = `/api/conversations/${sessionId}?token=${secret}&access_token=${secret}`;
      const headers = { cookie: `token=${secret}`, 'x-access-token': secret };
      expect(await call(urlA, path, { headers })).toMatchObject({ status: 404 });
      const authorization = `Basic ${Buffer.from(`token:${secret}`).toString('base64')}`;
      expect(await call(urlA, path, { headers: { authorization } })).toMatchObject({ status: 404 });
      using socket = await RecordingClient.connect(urlA, { query: { token: secret } });
      const ack = await socket.ask('join_conversation', { conversationId: sessionId });
      expect(ack).toMatchObject({ error: { code: 'CONVERSATION_NOT_FOUND' } });
      expect(await socket.ask('get-sessions')).toMatchObject({ error: { code: 'UNAUTHORIZED' } });
    }
  });
});

test('an admin sees and reaches all conversations', async () => {
  const visitors = [await talkativeVisitor(), await talkativeVisitor()];
  const headers = bearer(cluster.adminToken);
  const all = await listed(headers);
  using admin = await connect(cluster.adminToken);
  using native = await connect(cluster.adminToken, NATIVE_NAMESPACE);
  for (const { sessionId, token } of visitors) {
    expect(all).toContain(sessionId);
    expect((await call(urlA, `/api/chat/messages/${sessionId}`, { headers })).body.messages).toHaveLength(2);
    expect(await admin.ask('join_conversation', { conversationId: sessionId })).toEqual({ ok: true });
    const resumed = await native.ask('resume', { conversationId: sessionId });
    expect(resumed).toMatchObject({ conversationId: sessionId, messages: [{}, {}] });
    using visitor = await connect(token);
    await visitor.ask('init_session', { sessionId });
    await admin.ask('admin_message', { sessionId, content: 'A person here' });
    expect(await visitor.until('message')).toMatchObject({ sender: 'admin', content: 'A person here' });
  }
  const [{ sessionId = '' } = {}] = visitors;
  expect((await call(urlA, `/api/conversations/${sessionId}`, { method: 'DELETE', headers })).status).toBe(
    200,
  );
});
