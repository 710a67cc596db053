import { randomUUID } from 'node:crypto';
import { NATIVE_NAMESPACE } from '@parley/contracts';
import { Cluster, ScriptedProvider, answer, waitFor } from '@parley/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LogScan, TOKEN_BEGINNINGS } from '../hostile/log-scan.ts';
import { forgedToken, seconds, tampered } from './clients/forged-token.ts';
import { RecordingClient } from './clients/recording-client.ts';
import { call } from './clients/rest-client.ts';
import { bearer, newVisitor, talkativeVisitor, type TokenVisitor } from './clients/token-visitor.ts';

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

const connect = (token?: string, namespace = ''): Promise<RecordingClient> =>
  RecordingClient.connect(`${urlB}${namespace}`, token === undefined ? {} : { auth: { token } });

const listed = async (headers: Record<string, string>): Promise<string[]> => {
  const { body } = await call(urlB, '/api/conversations', { headers });
  return (body as { id: string }[]).map(({ id }) => id);
};

describe('a token that the gateway issued', () => {
  test('by REST, init_session or a native resume opens what its visitor made, on every gateway', async () => {
    const rest = await newVisitor(urlA);
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
    const { token, sessionId, headers } = await newVisitor(urlA);
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
    const [anna, bert] = [await talkativeVisitor(urlA), await talkativeVisitor(urlA)];
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

  test.each([
    ['/', 'init_session', 'sessionId'],
    [NATIVE_NAMESPACE, 'resume', 'conversationId'],
  ])('ends its connection to %s when it expires', async (namespace, event, id) => {
    const claims = { sub: 'short-lived', exp: seconds(6) };
    const token = forgedToken({ secret: SECRET, claims });
    const url = `${urlA}${namespace}`;
    using socket = await RecordingClient.connect(url, { auth: { token }, reconnection: false });
    const opened = await socket.ask(event, {});
    expect(opened[id]).toBeTypeOf('string');
    await waitFor(() => socket.socket.disconnected, { what: 'the connection to be cut', deadlineMs: 15_000 });
    expect(seconds(0)).toBeGreaterThanOrEqual(claims.exp);
    expect(socket.all('error')).toMatchObject([{ code: 'UNAUTHORIZED' }]);
  });
});

describe('a token that is none opens nothing', () => {
  const claims = { sub: 'someone', exp: seconds(3600) };
  const forgeries: [name: string, make: (owner: TokenVisitor & { sub: string }) => string | undefined][] = [
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
    const owner = await newVisitor(urlA);
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
    const { token, sessionId } = await newVisitor(urlA);
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
  const visitors = [await talkativeVisitor(urlA), await talkativeVisitor(urlA)];
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
  const path = `/api/conversations/${visitors[0]?.sessionId ?? ''}`;
  expect((await call(urlA, path, { method: 'DELETE', headers })).status).toBe(200);
});

test('no token stands in any log line, not even one that came in an address', () => {
  const logs = new LogScan([...cluster.gateways, ...cluster.workers, ...cluster.histories]);
  expect(logs.linesWith('request answered').length).toBeGreaterThan(0);
  expect(logs.linesWith(...TOKEN_BEGINNINGS, cluster.adminToken, SECRET, 'My secret is 42')).toEqual([]);
});
