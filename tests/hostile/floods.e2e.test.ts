import { randomUUID } from 'node:crypto';
import { NATIVE_NAMESPACE } from '@parley/contracts';
import { waitFor } from '@parley/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nativeClient } from '../e2e/clients/native-client.ts';
import { RecordingClient } from '../e2e/clients/recording-client.ts';
import { call } from '../e2e/clients/rest-client.ts';
import { testAftermath } from './aftermath.ts';
import { Arena, from } from './arena.ts';
import { readGauges } from './gauges.ts';
import { RawHttp } from './raw-http.ts';
import { openPolling, poll } from './raw-polling.ts';
import { RawSocket, upgradeStatus } from './raw-socket.ts';

const EVENTS = 60;
const CONNECTIONS = 20;
/** What the gateway bears of a socket that has been told to slow down: five times its limit. */
const FLOOD = EVENTS * 5 + 1;

let arena: Arena;

beforeAll(async () => {
  arena = await Arena.start({
    SOCKET_RATE_LIMIT_PER_MINUTE: String(EVENTS),
    MAX_CONNECTIONS_PER_ADDRESS: String(CONNECTIONS),
  });
});
afterAll(() => arena.stop());

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const event = (id: number, name = 'leave_conversation'): string =>
  `42${id}${JSON.stringify([name, { conversationId: 'anything' }])}`;

describe('S6 events', () => {
  test('beyond the limit are refused with the time after which to try again; others are served', async () => {
    await arena.withstands(async () => {
      using flooder = await RecordingClient.connect(arena.url, { extraHeaders: from('198.51.100.1') });
      const ask = () => flooder.ask('leave_conversation', { conversationId: 'anything' });
      for (const ack of await Promise.all(times(EVENTS, ask))) expect(ack).toEqual({ ok: true });
      const refused = await ask();
      expect(refused).toMatchObject({
        ok: false,
        error: { code: 'RATE_LIMIT_EXCEEDED', retryAfterMs: expect.any(Number) as number },
      });
      expect(await flooder.until('error')).toMatchObject({
        code: 'RATE_LIMIT_EXCEEDED',
        event: 'leave_conversation',
      });
      expect(flooder.socket.connected).toBe(true);
    });
  });

  test('are counted for the connection: entering a namespace anew gives no new allowance', async () => {
    using raw = await RawSocket.join(arena.url, { headers: from('198.51.100.2') });
    times(EVENTS, index => raw.say(event(index)));
    await raw.until(packet => packet.startsWith(`43${EVENTS - 1}[{"ok":true`));
    raw.say(event(100));
    await raw.until(packet => packet.startsWith('43100[{"ok":false'));
    raw.say('41');
    raw.say(`40${NATIVE_NAMESPACE},`);
    await raw.until(packet => packet.startsWith(`40${NATIVE_NAMESPACE},{`));
    raw.say('40');
    await waitFor(() => raw.received.filter(packet => packet.startsWith('40{')).length === 2, {
      what: 'the namespace to be entered again',
    });
    raw.say(event(101));
    expect(await raw.until(packet => packet.startsWith('43101'))).toContain('RATE_LIMIT_EXCEEDED');
    raw.say(`42${NATIVE_NAMESPACE},102["leave",{"conversationId":"anything"}]`);
    const limited = await raw.until(packet => packet.startsWith(`43${NATIVE_NAMESPACE},102`));
    expect(limited).toContain('RATE_LIMIT_EXCEEDED');
  });

  test.each([
    ['events', event(1)],
    ['unknown events', event(1, 'no_such_event')],
    ['events named error', event(1, 'error')],
    ['events without a callback', event(1).replace('421', '42')],
    ['acknowledgements of nothing', '43999[{}]'],
    ['attempts at namespaces', '40/nope,'],
    ['namespaces left that were never entered', '41/nope,'],
    ['Engine.IO packets', '6'],
  ])('far beyond the limit, of the kind "%s", end the connection', async (_name, packet) => {
    await arena.withstands(async () => {
      using raw = await RawSocket.join(arena.url, { headers: from('198.51.100.3') });
      times(FLOOD, () => raw.say(packet));
      await raw.untilClosed();
    });
  });

  test.each(['ping', 'pong'] as const)(
    'as %s frames of WebSocket far beyond it end the connection',
    async frame => {
      await arena.withstands(async () => {
        using raw = await RawSocket.join(arena.url, { headers: from('198.51.100.5') });
        times(FLOOD, () => raw.ws[frame]('x'));
        await raw.untilClosed();
      });
    },
  );

  test('far beyond the limit in one long-polling request end the connection', async () => {
    await arena.withstands(async () => {
      const headers = from('198.51.100.4');
      const query = `&sid=${await openPolling(arena.url, headers)}`;
      await poll(arena.url, { query, headers, body: '40' });
      expect((await poll(arena.url, { query, headers })).text).toContain('40{');
      const body = times(3_000, index => event(index)).join('\x1e');
      // The reply may not come any more.
      await poll(arena.url, { query, headers, body }).catch(() => undefined);
      expect((await poll(arena.url, { query, headers })).status).toBe(400);
    });
  });
});

/** How many of so many handshakes at once are granted. */
async function handshakes(count: number, make: () => Promise<number | undefined>): Promise<number> {
  const statuses = await Promise.all(times(count, make));
  return statuses.filter(status => status === 101 || status === 200).length;
}

describe('S6 connections', () => {
  test('beyond what one address may have are refused; other addresses are served', async () => {
    const headers = from('198.51.100.10');
    const sockets = await Promise.all(times(CONNECTIONS, () => RawSocket.join(arena.url, { headers })));
    await arena.withstands(async () => {
      expect(await handshakes(CONNECTIONS, () => upgradeStatus(arena.url, headers))).toBe(0);
      const polled = await poll(arena.url, { headers });
      expect(polled.status).toBe(403);
      expect((await poll(arena.url, { headers, query: '&sid=' })).status).toBe(403);
    });
    for (const socket of sockets) socket[Symbol.dispose]();
    // Freed connections can be had again.
    await waitFor(async () => (await upgradeStatus(arena.url, headers)) === 101, {
      what: 'a free connection',
    });
  });

  test('at once, by long polling, are no more than one address may have', async () => {
    const headers = from('198.51.100.11');
    const granted = await arena.withstands(() =>
      handshakes(CONNECTIONS * 2, async () => (await poll(arena.url, { headers, query: '&sid=' })).status),
    );
    expect(granted).toBe(CONNECTIONS);
  });

  test('asked for in one write on one connection are no more either', async () => {
    const count = CONNECTIONS * 5;
    const request = `GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 198.51.100.14\r\n\r\n`;
    await arena.withstands(async () => {
      using raw = await RawHttp.open(arena.url);
      raw.say(request.repeat(count));
      const answered = (): boolean => raw.reply.split('HTTP/1.1 ').length > count;
      await waitFor(answered, { what: 'all to be answered', deadlineMs: 10_000 });
      expect(raw.reply.split('"sid"').length - 1).toBe(CONNECTIONS);
    });
  });

  test('that come to nothing take no place for long', async () => {
    const headers = from('198.51.100.15');
    const broken = { ...headers, 'sec-websocket-key': 'none' };
    await arena.withstands(() => handshakes(CONNECTIONS, () => upgradeStatus(arena.url, broken)));
    const old = '/socket.io/?EIO=3&transport=websocket';
    await arena.withstands(() => handshakes(CONNECTIONS, () => upgradeStatus(arena.url, headers, old)));
    using raw = await RawSocket.join(arena.url, { headers });
    expect(raw.closed).toBeUndefined();
  });

  test('made and dropped in a loop come to an end', async () => {
    const headers = from('198.51.100.12');
    const granted = await arena.withstands(async () => {
      let count = 0;
      for (let tried = 0; tried < CONNECTIONS * 4; tried++)
        if ((await upgradeStatus(arena.url, headers)) === 101) count += 1;
      return count;
    });
    expect(granted).toBe(CONNECTIONS * 3);
    expect(await upgradeStatus(arena.url, from('198.51.100.13'))).toBe(101);
  });
});

test('S6 one connection follows a bounded number of conversations', async () => {
  const roomy = await arena.cluster.addGateway({ SOCKET_RATE_LIMIT_PER_MINUTE: '100000' });
  using greedy = await RecordingClient.connect(roomy.url);
  const acks = await Promise.all(
    times(150, () => greedy.ask('join_conversation', { conversationId: randomUUID() })),
  );
  expect(acks.filter(({ ok }) => ok === true)).toHaveLength(100);
  expect(acks.find(({ ok }) => ok === false)).toMatchObject({ error: { code: 'RATE_LIMIT_EXCEEDED' } });
  const followed = async (): Promise<number> => (await readGauges(roomy.url)).conversations;
  expect(await followed()).toBe(100);
  greedy.socket.disconnect();
  await waitFor(async () => (await followed()) === 0, { what: 'all to be given up' });
});

test('S6 a connection that follows as much as it may makes no further conversation', async () => {
  const roomy = await arena.cluster.addGateway({ SOCKET_RATE_LIMIT_PER_MINUTE: '100000' });
  using greedy = await RecordingClient.connect(roomy.url);
  await Promise.all(times(100, () => greedy.ask('join_conversation', { conversationId: randomUUID() })));
  const sessionId = randomUUID();
  const refusal = { ok: false, error: { code: 'RATE_LIMIT_EXCEEDED' } };
  expect(await greedy.ask('init_session', { sessionId })).toMatchObject(refusal);
  using native = await nativeClient(roomy.url);
  const here = times(100, () => randomUUID());
  for (const conversationId of here) await native.ask('resume', { conversationId });
  expect(await native.ask('resume', { conversationId: sessionId })).toMatchObject(refusal);
  expect(await native.ask('resume', { conversationId: here[0] })).toMatchObject({ ok: true });
  expect((await call(roomy.url, `/api/conversations/${sessionId}`)).status).toBe(404);
  await roomy.terminate();
});

test('S6 an address begins a bounded number of sessions over all gateways, and can open those that exist', async () => {
  const strict = { RATE_LIMIT_MAX_CONVERSATIONS: '6' };
  const [a, b] = [await arena.cluster.addGateway(strict), await arena.cluster.addGateway(strict)];
  const headers = from('198.51.100.40');
  using visitor = await RecordingClient.connect(a.url, { extraHeaders: headers });
  using native = await RecordingClient.connect(`${b.url}${NATIVE_NAMESPACE}`, { extraHeaders: headers });
  const begin = async (): Promise<unknown[]> => [
    await visitor.ask('init_session', { sessionId: randomUUID() }),
    await native.ask('resume', { conversationId: randomUUID() }),
    (await call(b.url, '/api/chat/session', { body: { ipAddress: '192.0.2.77' }, headers })).body,
  ];
  const sessionId = randomUUID();
  for (let time = 0; time < 4; time++) await visitor.ask('init_session', { sessionId });
  await begin();
  const [last] = await begin();
  expect(last).toMatchObject({ sessionId: expect.any(String) as string });
  const [init, resume, rest] = await begin();
  const limited = { code: 'RATE_LIMIT_EXCEEDED', retryAfterMs: expect.any(Number) as number };
  for (const refused of [init, resume]) expect(refused).toMatchObject({ ok: false, error: limited });
  expect(rest).toMatchObject(limited);
  expect(await native.ask('resume', { conversationId: sessionId })).toMatchObject({ ok: true });
  using other = await RecordingClient.connect(a.url, { extraHeaders: from('198.51.100.41') });
  expect(await other.ask('init_session', {})).toHaveProperty('token');
  for (const gateway of [a, b]) await gateway.terminate();
});

test.each([
  ['a forged first address', (index: number) => `10.0.0.${index}, 198.51.100.30`],
  ['another port', (index: number) => `198.51.100.31:${5000 + index}`],
  ['another address of the same IPv6 network', (index: number) => `2001:db8:9:1::${index}`],
])('S7 the limit of REST calls is not evaded by %s', async (_name, address) => {
  const strict = await arena.cluster.addGateway({ RATE_LIMIT_MAX_REQUESTS: '5' });
  const statuses = [];
  for (let index = 1; index <= 7; index++) {
    const reply = await call(strict.url, '/api/conversations', { headers: from(address(index)) });
    statuses.push(reply.status);
  }
  expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429]);
  await strict.terminate();
});

testAftermath(() => arena);
