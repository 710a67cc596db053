import { randomUUID } from 'node:crypto';
import { NATIVE_NAMESPACE } from '@parley/contracts';
import { waitFor } from '@parley/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testAftermath } from './aftermath.ts';
import { Arena } from './arena.ts';
import { RawHttp } from './raw-http.ts';
import { openPolling, poll } from './raw-polling.ts';
import { RawSocket } from './raw-socket.ts';

const MAX_CHARS = 32_000;
/** Six bytes for a character and what is around it. */
const MAX_FRAME_BYTES = MAX_CHARS * 6 + 16_384;

let arena: Arena;

beforeAll(async () => {
  arena = await Arena.start();
});
afterAll(() => arena.stop());

/** It is served as if nothing had been. */
async function isServed(raw: RawSocket): Promise<void> {
  raw.say('42777["leave_conversation",{"conversationId":"anything"}]');
  await raw.until(packet => packet.startsWith('43777[{"ok":true}'));
}

const placeholder = '{"_placeholder":true,"num":0}';

describe('S6 a packet', () => {
  test.each<[string, string | Buffer]>([
    ['of no kind', 'x'],
    ['of an unknown Engine.IO kind', '9'],
    ['that is empty for Socket.IO', '4'],
    ['of an unknown Socket.IO kind', '49["x",{}]'],
    ['with half an event', '42["stream_chat",{'],
    ['with an event that has no name', '42[]'],
    ['with an event whose name is null', '42[null]'],
    ['with an event whose name is an object', '42[{"$ne":null}]'],
    ['with no list', '42{"stream_chat":1}'],
    ['that pretends to be a connection', '42["connect"]'],
    ['that pretends to be a disconnection', '42["disconnect","transport close"]'],
    ['that pretends to be a new listener', '42["newListener","x"]'],
    ['that enters twice', '40'],
    ['that enters with a text for auth', `40${NATIVE_NAMESPACE},"text"`],
    ['that leaves what was never entered', '41/nope,'],
    ['that answers with no list', '431{"a":1}'],
    ['with a heartbeat the wrong way', '2'],
    ['that announces binary data', `451-["stream_chat",${placeholder}]`],
    ['that announces a billion attachments', `451000000000-["stream_chat",${placeholder}]`],
    ['that announces no end of attachments', `45${'9'.repeat(10_000)}-["x"]`],
    ['that answers with binary data', `461-1[${placeholder}]`],
    ['of binary data', Buffer.from('42["stream_chat",{}]')],
    ['of much binary data', Buffer.alloc(100_000, 1)],
    ['for a namespace that was not entered', '42/nope,["x",{}]'],
    ['beyond the limit', `42["stream_chat","${'x'.repeat(MAX_FRAME_BYTES)}"]`],
    ['of 100 MB', '4'.repeat(100_000_000)],
  ])('%s closes its connection and no other', async (_name, packet) => {
    await arena.withstands(async () => {
      using raw = await RawSocket.join(arena.url);
      raw.say(packet);
      await raw.untilClosed();
    });
  });

  const key = JSON.stringify(randomUUID());
  test.each<[string, string]>([
    ['whose name is a number', '421[5,{}]'],
    ['whose name is a huge number', '421[1e308,{}]'],
    ['whose answer goes to a number beyond all numbers', `42${'9'.repeat(400)}["leave_conversation",{}]`],
    [
      'whose answer goes to a number that no integer holds',
      '4299999999999999999999["leave_conversation",{}]',
    ],
    ['without a payload', '421["stream_chat"]'],
    ['with many payloads', `421["stream_chat"${',{}'.repeat(1_000)}]`],
    [
      'with a callback that is a text',
      `42["stream_chat",{"message":"x","conversationId":${key}},"callback"]`,
    ],
    ['that asks for no answer', '42["stream_chat",{}]'],
    ['1e5 levels deep', `421["stream_chat",${'['.repeat(99_000)}${']'.repeat(99_000)}]`],
    ['2e4 objects deep', `421["stream_chat",${'{"message":'.repeat(16_000)}1${'}'.repeat(16_000)}]`],
    [
      'with 15,000 keys',
      `421["stream_chat",{${Array.from({ length: 15_000 }, (_, index) => `"k${index}":1`).join()}}]`,
    ],
    ['with 60,000 elements', `421["stream_chat",[${'{},'.repeat(60_000)}{}]]`],
  ])('of an event %s is refused, and its connection served', async (_name, packet) => {
    await arena.withstands(async () => {
      using raw = await RawSocket.join(arena.url);
      raw.say(packet);
      expect(await raw.until(received => received.startsWith('42["error"'))).toContain('INVALID_REQUEST');
      await isServed(raw);
    });
  });

  test.each<[string, string]>([
    ['that answers what nobody asked', '43999999999999999999999[{}]'],
    ['of an event named error', '42["error",{"message":"boom"}]'],
    ['without meaning', '6'],
    ['that tries an upgrade', '5'],
  ])('%s changes nothing', async (_name, packet) => {
    await arena.withstands(async () => {
      using raw = await RawSocket.join(arena.url);
      raw.say(packet);
      await isServed(raw);
    });
  });

  test('that lists 60,000 positions gets a short refusal', async () => {
    await arena.withstands(async () => {
      using raw = await RawSocket.join(arena.url, {}, NATIVE_NAMESPACE);
      raw.say(`42${NATIVE_NAMESPACE},1["resume",{"positions":[${'{},'.repeat(60_000)}{}]}]`);
      const ack = await raw.until(packet => packet.startsWith(`43${NATIVE_NAMESPACE},1[`));
      expect(ack).toContain('INVALID_REQUEST');
      expect(ack.length).toBeLessThan(10_000);
    });
  });

  test('in 10,000 fragments is one packet; in endless ones it closes its connection', async () => {
    await arena.withstands(async () => {
      using patient = await RawSocket.join(arena.url);
      const text = `421["leave_conversation",{"conversationId":"x","padding":"${'x'.repeat(9_940)}"}]`;
      for (let index = 0; index < text.length; index++)
        patient.ws.send(text.charAt(index), { fin: index === text.length - 1 });
      await patient.until(packet => packet.startsWith('431[{"ok":true}'));
      using endless = await RawSocket.join(arena.url);
      for (let sent = 0; sent < 20_000; sent++) endless.ws.send('', { fin: false });
      await endless.untilClosed();
    });
  });
});

const UPGRADE =
  'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';

describe('S6 a WebSocket frame', () => {
  test.each([
    ['without a mask', '810178'],
    ['with a reserved bit', 'a18100000000' + '78'],
    ['that says it is compressed', 'c18100000000' + '78'],
    ['of a reserved kind', '838000000000'],
    ['of a reserved control kind', '8b8000000000'],
    ['whose text is no UTF-8', '818100000000' + 'ff'],
    ['that continues nothing', '808000000000'],
    ['that begins a second message within the first', '018000000000' + '018000000000'],
    ['that is a ping in pieces', '098000000000'],
    ['that is a ping of 126 bytes', '89fe007e00000000'],
    ['of 2^63 bytes', '81ffffffffffffffffff00000000'],
    ['that closes with half a code', '888100000000' + '03'],
    ['that closes with a code of nobody', '888200000000' + '03ed'],
  ])('%s closes its connection', async (_name, frame) => {
    await arena.withstands(async () => {
      using raw = await RawHttp.open(arena.url);
      raw.say(UPGRADE);
      await waitFor(() => raw.reply.includes('"sid"'), { what: 'the connection to open' });
      raw.say(Buffer.from(frame, 'hex'));
      await raw.untilClosed();
    });
  });
});

describe('S6 a connection', () => {
  test('that speaks before it has entered is closed', async () => {
    using raw = await RawSocket.open(arena.url);
    raw.say('42["stream_chat",{}]');
    await raw.untilClosed();
  });

  test('that never enters is closed after a while', async () => {
    await arena.withstands(async () => {
      using raw = await RawSocket.open(arena.url);
      await raw.untilClosed(20_000);
    });
  });

  test('is never compressed: nothing small grows large in it', async () => {
    using raw = await RawSocket.join(arena.url, { perMessageDeflate: true });
    expect(raw.ws.extensions).toBe('');
  });
});

describe('S6 long polling', () => {
  const opened = async (): Promise<string> => {
    const query = `&sid=${await openPolling(arena.url)}`;
    await poll(arena.url, { query, body: '40' });
    expect((await poll(arena.url, { query })).text).toContain('40{');
    return query;
  };
  /** Its connection is no more, or is told so. */
  const isGone = async (query: string): Promise<void> => {
    const { status, text } = await poll(arena.url, { query });
    expect(status === 400 ? ['1'] : text.split('\x1e')).toContain('1');
  };

  test.each([
    ['a binary packet', `b${Buffer.from('attachment').toString('base64')}`],
    ['a packet that announces binary data', `451-["stream_chat",${placeholder}]`],
    ['a packet of no kind', 'x'],
    ['half an event', '42["stream_chat",{'],
    ['nothing but separators', '\x1e'.repeat(10_000)],
  ])('%s closes its connection and no other', async (_name, body) => {
    await arena.withstands(async () => {
      const query = await opened();
      await poll(arena.url, { query, body }).catch(() => undefined);
      await isGone(query);
    });
  });

  test('a body beyond the limit is not read to its end', async () => {
    await arena.withstands(async () => {
      const query = await opened();
      const tooLarge = await poll(arena.url, { query, body: '4'.repeat(5_000_000) }).catch(() => undefined);
      expect(tooLarge?.status ?? 413).toBe(413);
    });
  });

  test('two polls at a time, other methods and a handshake by POST are refused', async () => {
    await arena.withstands(async () => {
      const query = await opened();
      await Promise.allSettled([poll(arena.url, { query }), poll(arena.url, { query })]);
      await isGone(query);
      expect((await poll(arena.url, { body: '40' })).status).toBe(400);
      for (const method of ['PUT', 'DELETE', 'PATCH'])
        expect((await poll(arena.url, { method })).status).toBeGreaterThanOrEqual(400);
      for (const transport of ['__proto__', 'constructor', 'webtransport', 'flashsocket'])
        expect((await fetch(`${arena.url}/socket.io/?EIO=4&transport=${transport}`)).status).toBe(400);
      expect((await fetch(`${arena.url}/socket.io/?EIO=3&transport=polling`)).status).toBe(400);
      expect((await fetch(`${arena.url}/socket.io/socket.io.js`)).status).toBe(400);
    });
  });
});

testAftermath(() => arena, 'attachment', 'boom');
