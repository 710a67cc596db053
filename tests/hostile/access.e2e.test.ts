import { randomUUID } from 'node:crypto';
import { NATIVE_NAMESPACE } from '@parley/contracts';
import { Redis } from 'ioredis';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { RecordingClient } from '../e2e/clients/recording-client.ts';
import { call, type Reply } from '../e2e/clients/rest-client.ts';
import { testAftermath } from './aftermath.ts';
import { Arena, from } from './arena.ts';
import { poll } from './raw-polling.ts';
import { RawSocket, upgradeStatus } from './raw-socket.ts';

const GUESS = 'a-wrong-admin-token-';
const OF_ONE = 10;
const OF_ALL = 100;

let arena: Arena;
let redis: Redis;

beforeAll(async () => {
  arena = await Arena.start({ FRONTEND_URL: 'https://chat.example.com,http://localhost:5173' });
  redis = new Redis(arena.cluster.redis.url);
});
afterAll(async () => {
  await redis.quit();
  await arena.stop();
});

const FOREIGN = [
  'https://evil.example',
  'null',
  'https://chat.example.com.evil.example',
  'https://chat.example.com@evil.example',
  'https://evilchat.example.com',
  'http://chat.example.com',
  'https://chat.example.com:444',
  'https://chatXexample.com',
  'https://chat.example.com\\.evil.example',
  'https://chat.example.com, https://evil.example',
  'file://',
];

describe('S1 a page of another site', () => {
  test.each(FOREIGN)('%s: neither upgraded nor polled', async origin => {
    await arena.withstands(async () => {
      expect(await upgradeStatus(arena.url, { origin })).toBe(400);
      const polled = await poll(arena.url, { headers: { origin } });
      expect(polled.status).toBe(403);
      expect(polled.text).not.toContain('sid');
      expect(polled.headers.get('access-control-allow-origin')).toBeNull();
    });
  });

  // As a page can send it anywhere without asking first; its origin is always what the browser says.
  const simple = { method: 'POST', body: '{"message":"Pay for this"}' };
  const kind = 'application/x-www-form-urlencoded';

  test.each(FOREIGN)('%s: none of its calls is carried out', async origin => {
    const asked = arena.provider.requests.length;
    for (const path of [
      '/api/chat',
      '/api/chat/session',
      '/api/chat/message',
      '/api/health',
      '/api/nothing',
    ]) {
      const reply = await call(arena.url, path, { ...simple, headers: { origin, 'content-type': kind } });
      expect(reply).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
      expect(reply.headers.get('access-control-allow-origin')).toBeNull();
    }
    const listed = await call(arena.url, '/api/conversations', { headers: { origin } });
    expect(listed).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
    expect(arena.provider.requests.length).toBe(asked);
  });

  test('that is ours, one of the gateway itself, and a program may call', async () => {
    for (const origin of ['https://chat.example.com', 'http://localhost:5173', arena.url, undefined]) {
      const headers = { ...(origin !== undefined && { origin }) };
      const reply = await call(arena.url, '/api/chat/session', { body: {}, headers });
      expect(reply).toMatchObject({ status: 200, body: { sessionId: expect.any(String) as string } });
    }
  });

  test('that is ours, and a program without a page, may connect; credentials never go with a wildcard', async () => {
    for (const origin of ['https://chat.example.com', 'http://localhost:5173']) {
      expect(await upgradeStatus(arena.url, { origin })).toBe(101);
      const { headers } = await poll(arena.url, { headers: { origin } });
      expect(headers.get('access-control-allow-origin')).toBe(origin);
    }
    expect(await upgradeStatus(arena.url, {})).toBe(101);
    expect((await poll(arena.url)).headers.get('access-control-allow-origin')).not.toBe('*');
    arena.logs.collect();
    expect(arena.logs.linesWith('connection refused').length).toBeGreaterThanOrEqual(FOREIGN.length);
  });
});

describe('S17 a connection', () => {
  test.each(['__proto__', 'constructor', 'hasOwnProperty', 'AAAAAAAAAAAAAAAAAAAA', '..%2f', '%00'])(
    'cannot be guessed: %s',
    async sid => {
      expect((await poll(arena.url, { query: `&sid=${sid}` })).status).toBe(400);
      expect(await upgradeStatus(arena.url, {}, `/socket.io/?EIO=4&transport=websocket&sid=${sid}`)).toBe(
        400,
      );
    },
  );

  test('is not taken up again by an old private id: its conversations have to be joined anew', async () => {
    const conversationId = randomUUID();
    using victim = await RecordingClient.connect(arena.url);
    await victim.ask('join_conversation', { conversationId });
    using thief = await RecordingClient.connect(arena.url, { auth: { pid: victim.socket.id, offset: '0' } });
    expect(thief.socket.recovered).toBeFalsy();
    await victim.ask('stream_chat', { message: 'Who hears me?', conversationId });
    await victim.until('stream_complete');
    await thief.ask('leave_conversation', { conversationId });
    expect(thief.events).toEqual([]);
  });
});

describe('S4 a visitor', () => {
  const sessionId = 'any-session';
  test.each([
    ['/', 'admin-connect', {}],
    ['/', 'get-sessions', {}],
    ['/', 'get-messages', { sessionId }],
    ['/', 'admin_message', { sessionId, content: 'I am the boss' }],
    [NATIVE_NAMESPACE, 'set-mode', { conversationId: sessionId, mode: 'human' }],
    [NATIVE_NAMESPACE, 'say-as-admin', { conversationId: sessionId, clientMessageId: 'k', content: 'boss' }],
  ])('in %s is refused each time it says %s', async (namespace, event, payload) => {
    using visitor = await RecordingClient.connect(`${arena.url}${namespace}`);
    for (let times = 0; times < 3; times++)
      expect(await visitor.ask(event, payload)).toMatchObject({ ok: false, error: { code: 'UNAUTHORIZED' } });
    expect((await call(arena.url, `/api/conversations/${sessionId}`)).status).toBe(404);
  });

  test('finds no namespace for admins', async () => {
    using raw = await RawSocket.open(arena.url);
    for (const name of ['/admin', '/admins', '/native/admin', '/__proto__', `/${'x'.repeat(5_000)}`]) {
      raw.say(`40${name},`);
      const refused = await raw.until(packet => packet.startsWith(`44${name},`));
      expect(refused).toContain('Invalid namespace');
    }
  });
});

/** How the gateway answers one guess over REST. */
async function guess(address: string, token: string = GUESS + randomUUID()) {
  const body = { sessionId: randomUUID(), content: 'I am the boss', sender: 'admin' };
  return call(arena.url, '/api/chat/message', {
    body,
    headers: { ...from(address), authorization: `Bearer ${token}` },
  });
}

const REFUSED = { status: 401, body: { code: 'UNAUTHORIZED' } };
const LIMITED = { status: 429, body: { code: 'RATE_LIMIT_EXCEEDED' } };
/** For how long somebody is asked to wait. */
const minutesOf = ({ headers }: Reply): number => Math.round(Number(headers.get('retry-after')) / 60);
const isLimited = ({ status }: { status: number }): boolean => status === 429;

describe('S5 whoever guesses admin tokens', () => {
  beforeEach(async () => {
    const keys = await redis.keys('parley:limit:admin*');
    if (keys.length > 0) await redis.del(keys);
  });

  test('from one address is stopped after ten tries, also with the right token then; others are not, and longer the next time', async () => {
    await arena.withstands(async () => {
      for (let tried = 0; tried < OF_ONE; tried++) expect(await guess('198.51.100.1')).toMatchObject(REFUSED);
      const stopped = await guess('198.51.100.1');
      expect(stopped).toMatchObject({ ...LIMITED, body: { retryAfterMs: expect.any(Number) as number } });
      expect(minutesOf(stopped)).toBe(1);
      const right = await guess('198.51.100.1', arena.cluster.adminToken);
      expect(right).toMatchObject(LIMITED);
      expect(right.body.message).toBe(stopped.body.message);
      // As if the minute were over.
      await redis.del(await redis.keys('parley:limit:admin:*'));
      for (let tried = 0; tried < OF_ONE; tried++) expect(await guess('198.51.100.1')).toMatchObject(REFUSED);
      expect(minutesOf(await guess('198.51.100.1'))).toBe(5);
      expect(await guess('198.51.100.2', arena.cluster.adminToken)).toMatchObject({ status: 404 });
    });
  });

  test('a hundred times at once gets no more than ten answers', async () => {
    const replies = await arena.withstands(() =>
      Promise.all(Array.from({ length: 100 }, () => guess('198.51.100.3'))),
    );
    expect(replies.filter(isLimited)).toHaveLength(100 - OF_ONE);
    expect(await guess('198.51.100.3', arena.cluster.adminToken)).toMatchObject(LIMITED);
  });

  test('over the handshake and by admin-connect is counted with the rest', async () => {
    const extraHeaders = from('198.51.100.4');
    using visitor = await RecordingClient.connect(arena.url, { extraHeaders });
    for (let tried = 0; tried < OF_ONE / 2; tried++) {
      expect(await visitor.ask('admin-connect', { token: GUESS })).toMatchObject({
        error: { code: 'UNAUTHORIZED' },
      });
      using _ = await RecordingClient.connect(arena.url, {
        extraHeaders,
        auth: { token: `${GUESS}${tried}` },
      });
    }
    using other = await RecordingClient.connect(arena.url, { extraHeaders });
    expect(await other.ask('admin-connect', { token: GUESS })).toMatchObject({
      error: { code: 'RATE_LIMIT_EXCEEDED', retryAfterMs: expect.any(Number) as number },
    });
    const socket = io(arena.url, {
      forceNew: true,
      reconnection: false,
      extraHeaders,
      auth: { token: GUESS },
    });
    const { promise, resolve } = Promise.withResolvers<Error & { data?: unknown }>();
    socket.on('connect_error', resolve);
    expect((await promise).data).toMatchObject({ code: 'RATE_LIMIT_EXCEEDED' });
    socket.disconnect();
  });

  test('from many addresses leaves each of them two tries, and locks no admin out', async () => {
    for (let index = 0; index <= OF_ALL; index++)
      expect(await guess(`203.0.113.${index}`)).toMatchObject(REFUSED);
    const late = '198.51.100.5';
    for (let tried = 0; tried < 2; tried++) expect(await guess(late)).toMatchObject(REFUSED);
    expect(await guess(late)).toMatchObject(LIMITED);
    expect(await guess('198.51.100.6', arena.cluster.adminToken)).toMatchObject({ status: 404 });
    await arena.chat();
  });

  test('no longer, once the right token has been given in time, is somebody who has mistyped it', async () => {
    for (let times = 0; times < 2; times++) {
      for (let tried = 0; tried < OF_ONE; tried++) expect(await guess('198.51.100.8')).toMatchObject(REFUSED);
      expect(await guess('198.51.100.8', arena.cluster.adminToken)).toMatchObject({ status: 404 });
    }
  });

  test("a visitor whose token has expired or is another gateway's is no guesser", async () => {
    const payload = Buffer.from(JSON.stringify({ iss: 'parley', sub: 'x', exp: 1 })).toString('base64url');
    const headers = { ...from('198.51.100.7'), authorization: `Bearer eyJhbGciOiJIUzI1NiJ9.${payload}.AAAA` };
    for (let tried = 0; tried < 3 * OF_ONE; tried++)
      expect((await call(arena.url, '/api/conversations', { headers })).status).toBe(200);
    expect(await guess('198.51.100.7', arena.cluster.adminToken)).toMatchObject({ status: 404 });
  });
});

describe('S7 an address', () => {
  const tries = async (addresses: string[]): Promise<number> => {
    const replies = [];
    for (const address of addresses) replies.push(await guess(address));
    return replies.filter(isLimited).length;
  };
  const times = (make: (index: number) => string): string[] =>
    Array.from({ length: OF_ONE + 2 }, (_, index) => make(index));

  test.each([
    ['with a forged one before it', times(index => `10.9.8.${index}, 198.51.100.20`)],
    ['with a port', times(index => `198.51.100.21:${4000 + index}`)],
    ['mapped to IPv6', times(index => (index % 2 ? '::ffff:198.51.100.22' : '198.51.100.22'))],
    ['of IPv6 that rotates in its /64', times(index => `2001:db8:1:1::${index.toString(16)}`)],
    ['of IPv6 that rotates in its /56', times(index => `2001:db8:2:${index.toString(16)}::1`)],
    ['of IPv6 in brackets with a port', times(index => `[2001:db8:3::1]:${4000 + index}`)],
  ])('%s is the same one', async (_name, addresses) => {
    expect(await tries(addresses)).toBe(2);
  });

  test('that is none is not believed: the connection counts', async () => {
    expect(await tries(times(index => `garbage-${index}`))).toBe(2);
  });

  test('without a proxy is the connection, whatever the header says', async () => {
    const direct = await arena.cluster.addGateway({ TRUST_PROXY: '0', MAX_CONNECTIONS_PER_ADDRESS: '3' });
    const sockets = [];
    for (let index = 0; index < 3; index++)
      sockets.push(await RawSocket.join(direct.url, { headers: from(`10.1.1.${index}`) }));
    expect(await upgradeStatus(direct.url, from('10.1.1.9'))).toBe(400);
    expect((await poll(direct.url, { headers: from('10.1.1.9') })).status).toBe(403);
    for (const socket of sockets) socket[Symbol.dispose]();
  });
});

testAftermath(() => arena, GUESS, 'I am the boss', 'Who hears me?');
