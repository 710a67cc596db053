import { gzipSync } from 'node:zlib';
import { waitFor } from '@parley/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RecordingClient } from '../e2e/clients/recording-client.ts';
import { call } from '../e2e/clients/rest-client.ts';
import { testAftermath } from './aftermath.ts';
import { Arena } from './arena.ts';
import { RawHttp, rawStatus } from './raw-http.ts';
import { poll } from './raw-polling.ts';
import { RawSocket, upgradeStatus } from './raw-socket.ts';

let arena: Arena;

beforeAll(async () => {
  arena = await Arena.start({ BODY_LIMIT: '100kb' });
});
afterAll(() => arena.stop());

const json = { 'content-type': 'application/json' };
const HOST = 'Host: localhost\r\nConnection: close\r\n';

async function post(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string>) {
  const response = await fetch(`${arena.url}/api/chat`, { method: 'POST', body, headers });
  const text = await response.text();
  expect(text).not.toMatch(/stack|node_modules|\bat .*:\d+/);
  return { status: response.status, code: (JSON.parse(text) as { code: string }).code };
}

const INVALID = { status: 400, code: 'INVALID_REQUEST' };
const TOO_LONG = { status: 413, code: 'MESSAGE_TOO_LONG' };

describe('S15 a body', () => {
  test.each<[string, () => Parameters<typeof post>, object]>([
    ['half JSON', () => ['{"message":', json], INVALID],
    ['no JSON', () => ['<xml/>', json], INVALID],
    ['a JSON text', () => ['"text"', json], INVALID],
    ['null', () => ['null', json], INVALID],
    ['1e5 levels deep', () => [`${'['.repeat(50_000)}${']'.repeat(50_000)}`, json], INVALID],
    [
      'of 1e4 keys',
      () => [JSON.stringify(Object.fromEntries(Array.from({ length: 8_000 }, (_, i) => [i, i]))), json],
      INVALID,
    ],
    ['beyond the limit', () => [JSON.stringify({ message: 'x'.repeat(200_000) }), json], TOO_LONG],
    [
      'that is small only while it is compressed',
      () => [gzipSync(Buffer.alloc(50_000_000, ' ')), { ...json, 'content-encoding': 'gzip' }],
      TOO_LONG,
    ],
    ['that is not what it is compressed as', () => ['{}', { ...json, 'content-encoding': 'gzip' }], INVALID],
    ['compressed in an unknown way', () => ['{}', { ...json, 'content-encoding': 'zz' }], INVALID],
    [
      'in an unknown alphabet',
      () => ['{}', { 'content-type': 'application/json; charset=klingon' }],
      INVALID,
    ],
    ['of another kind', () => ['message=hi', { 'content-type': 'text/plain' }], INVALID],
    [
      'with 5,000 form fields',
      () => ['a=1&'.repeat(5_000), { 'content-type': 'application/x-www-form-urlencoded' }],
      TOO_LONG,
    ],
    [
      'with operators for form fields',
      () => ['message[$ne]=1', { 'content-type': 'application/x-www-form-urlencoded' }],
      INVALID,
    ],
  ])('%s is refused', async (_name, make, refusal) => {
    await arena.withstands(async () => expect(await post(...make())).toEqual(refusal));
  });
});

describe('S15 a request', () => {
  test.each<[string, string, number[]]>([
    ['with garbage', 'garbage\r\n\r\n', [400]],
    ['with a TLS greeting', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', [400]],
    ['of 20,000 bytes of headers', `GET / HTTP/1.1\r\n${HOST}X: ${'x'.repeat(20_000)}\r\n\r\n`, [431]],
    ['of 5,000 headers', `GET / HTTP/1.1\r\n${HOST}${'X: x\r\n'.repeat(5_000)}\r\n`, [431]],
    ['with a path of 20,000 bytes', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n${HOST}\r\n`, [431]],
    ['without a host', 'GET /api/health HTTP/1.1\r\n\r\n', [400]],
    [
      'with two lengths',
      `POST /api/chat HTTP/1.1\r\n${HOST}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`,
      [400],
    ],
    [
      'that could be two for the proxy',
      `POST /api/chat HTTP/1.1\r\n${HOST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1\r\n\r\n`,
      [400],
    ],
    [
      'with a strange transfer encoding',
      `POST /api/chat HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked, x\r\n\r\n`,
      [400],
    ],
    ['with a negative length', `POST /api/chat HTTP/1.1\r\n${HOST}Content-Length: -1\r\n\r\n`, [400]],
    ['with a line break in a header', `GET / HTTP/1.1\r\n${HOST}X: a\nb: \x00\r\n\r\n`, [400]],
    ['of an unknown method', `HACK /api/chat HTTP/1.1\r\n${HOST}\r\n`, [400]],
    ['for another host altogether', `GET http://169.254.169.254/latest HTTP/1.1\r\n${HOST}\r\n`, [404]],
    ['up the tree', `GET /../../../etc/passwd HTTP/1.1\r\n${HOST}\r\n`, [404]],
    ['up the tree, encoded', `GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n${HOST}\r\n`, [404]],
    ['up the tree from an id', `GET /api/conversations/..%2f..%2fmetrics HTTP/1.1\r\n${HOST}\r\n`, [400]],
    ['up the tree with backslashes', `GET /api/chat/messages/..%5c..%5cx HTTP/1.1\r\n${HOST}\r\n`, [400]],
    ['for a path of another root', `GET //etc/passwd HTTP/1.1\r\n${HOST}\r\n`, [404]],
    ['with a broken escape', `GET /api/conversations/%E0%A4%A HTTP/1.1\r\n${HOST}\r\n`, [400]],
    ['with a zero in an id', `GET /api/conversations/%00 HTTP/1.1\r\n${HOST}\r\n`, [400]],
  ])('%s is refused', async (_name, bytes, statuses) => {
    await arena.withstands(async () => expect(statuses).toContain(await rawStatus(arena.url, bytes)));
  });

  test.each(['PUT', 'PATCH', 'DELETE', 'PROPFIND', 'TRACE'])(
    'by %s, which no route has, is not found',
    async method => {
      const status = await rawStatus(arena.url, `${method} /api/chat HTTP/1.1\r\n${HOST}\r\n`);
      expect(status).toBe(404);
    },
  );

  test('to tunnel or to upgrade elsewhere ends', async () => {
    await arena.withstands(async () => {
      using tunnel = await RawHttp.open(arena.url);
      tunnel.say(`CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: x\r\n\r\n`);
      await tunnel.untilClosed();
      expect(tunnel.reply).not.toContain('200');
      const elsewhere = await upgradeStatus(arena.url, {}, '/api/chat').catch(() => 'closed');
      expect(elsewhere).toBe('closed');
    });
  });
});

test.each(['/', '/api/health', '/api/conversations', '/api/nothing', '/livez', '/readyz', '/metrics'])(
  'S15 what %s answers tells browsers to be careful, and nothing of what it is made of',
  async path => {
    const { headers } = await fetch(`${arena.url}${path}`);
    expect(headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('SAMEORIGIN');
    for (const name of ['x-powered-by', 'server']) expect(headers.get(name)).toBeNull();
  },
);

test('S15 nor does what Engine.IO answers', async () => {
  for (const query of ['', '&sid=unknown']) {
    const { headers } = await poll(arena.url, { query });
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-powered-by')).toBeNull();
  }
});

test('S15 a stack trace is shown in development only', async () => {
  const broken = { body: '{"message":' };
  expect((await call(arena.url, '/api/chat', broken)).body).not.toHaveProperty('stack');
  const development = await arena.cluster.addGateway({ NODE_ENV: 'development' });
  expect((await call(development.url, '/api/chat', broken)).body).toHaveProperty('stack');
  await development.terminate();
});

test('S15 whoever dribbles, falls silent or never says anything is cut off, and holds up nobody', async () => {
  const dribblers = await arena.withstands(async () => {
    const silent = await Promise.all(Array.from({ length: 20 }, () => RawHttp.open(arena.url)));
    const halfHeaders = await Promise.all(Array.from({ length: 50 }, () => RawHttp.open(arena.url)));
    for (const raw of halfHeaders) raw.say('POST /api/chat HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    const halfBodies = await Promise.all(Array.from({ length: 50 }, () => RawHttp.open(arena.url)));
    for (const raw of halfBodies)
      raw.say(
        'POST /api/chat HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{',
      );
    return [...silent, ...halfHeaders, ...halfBodies];
  });
  // Far beyond the limit and without an end: nothing of it is kept, and it is not read for ever.
  using endless = await RawHttp.open(arena.url);
  endless.say('POST /api/chat HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n');
  endless.say('Transfer-Encoding: chunked\r\n\r\n');
  for (let sent = 0; sent < 200; sent++) endless.say(`400\r\n${' '.repeat(1024)}\r\n`);
  // A phone in a tunnel: its connection stays open and nothing answers the heartbeat.
  using halfOpen = await RawSocket.join(arena.url);
  halfOpen.ws.removeAllListeners('message');
  const dribble = setInterval(() => {
    for (const raw of dribblers) if (!raw.closed && raw.reply === '') raw.say('x');
  }, 1_000);
  try {
    await waitFor(() => [...dribblers, endless].every(({ closed }) => closed), {
      what: 'all of them to be cut off',
      deadlineMs: 50_000,
    });
    await arena.chat();
    await halfOpen.untilClosed(60_000);
  } finally {
    clearInterval(dribble);
  }
}, 110_000);

test('S15 a form that another page submits is not taken', async () => {
  using victim = await RecordingClient.connect(arena.url, { auth: { token: arena.cluster.adminToken } });
  expect(await victim.ask('admin-connect')).toMatchObject({ ok: true });
  const body = 'sessionId=s-1&content=hi&sender=admin';
  const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://evil.example' };
  expect(await call(arena.url, '/api/chat/message', { body, headers })).toMatchObject({ status: 403 });
});

testAftermath(() => arena, 'X-Slow', 'klingon');
