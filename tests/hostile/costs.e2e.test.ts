import { randomUUID } from 'node:crypto';
import { NATIVE_NAMESPACE } from '@parley/contracts';
import { holdAfter, pieces, waitFor } from '@parley/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RecordingClient } from '../e2e/clients/recording-client.ts';
import { call } from '../e2e/clients/rest-client.ts';
import { testAftermath } from './aftermath.ts';
import { Arena, from } from './arena.ts';

const MOST = 4;
const QUESTION = 'What may I cost?';

let arena: Arena;

beforeAll(async () => {
  arena = await Arena.start({ QUEUE_MAX_PER_ADDRESS: String(MOST), QUEUE_MAX_PER_VISITOR: '2' });
});
afterAll(() => arena.stop());

const attacker = (address: string): Promise<RecordingClient> =>
  RecordingClient.connect(`${arena.url}${NATIVE_NAMESPACE}`, { extraHeaders: from(address) });

const question = () => ({
  conversationId: randomUUID(),
  clientMessageId: randomUUID(),
  content: QUESTION,
});

const isRefused = (ack: Record<string, unknown>): boolean => {
  if (ack.ok) return false;
  expect(ack).toMatchObject({
    error: { code: 'RATE_LIMIT_EXCEEDED', retryAfterMs: expect.any(Number) as number },
  });
  return true;
};

/** While this lasts, no answer to the attacker's question ends. */
async function withHeldAnswers(attack: () => Promise<void>): Promise<void> {
  const held = pieces(['a', 'b'], { faults: [holdAfter(1)] });
  const others = pieces(['Nothing', ' can', ' disturb', ' this', ' answer', '.'], { everyMs: 20 });
  arena.provider.script(({ prompt }) => (prompt === QUESTION ? held : others));
  try {
    await arena.withstands(attack);
  } finally {
    arena.provider.script(others);
    arena.provider.release();
  }
}

describe('S11 whoever wants to be expensive', () => {
  test('by many conversations at once, over many connections and without any token, gets a few answers at a time', async () => {
    await withHeldAnswers(async () => {
      const clients = await Promise.all(Array.from({ length: 10 }, () => attacker('198.51.100.30')));
      const asked = clients.flatMap(client =>
        Array.from({ length: 5 }, () => client.ask('send', question())),
      );
      const acks = await Promise.all(asked);
      expect(acks.filter(ack => !isRefused(ack))).toHaveLength(MOST);
      // Neither by REST nor after a reconnect there are more.
      const body = { message: QUESTION };
      const reply = await call(arena.url, '/api/chat', { body, headers: from('198.51.100.30') });
      expect(reply).toMatchObject({ status: 429, body: { code: 'RATE_LIMIT_EXCEEDED' } });
      for (const client of clients) client.socket.disconnect();
      using again = await attacker('198.51.100.30');
      expect(isRefused(await again.ask('send', question()))).toBe(true);
      using other = await attacker('198.51.100.31');
      expect(isRefused(await other.ask('send', question()))).toBe(false);
    });
  });

  test('gets places again when the answers have ended, whoever heard of it', async () => {
    using visitor = await attacker('198.51.100.30');
    const sent = question();
    await waitFor(async () => !isRefused(await visitor.ask('send', sent)), {
      what: 'a place',
      deadlineMs: 20_000,
    });
  });

  test('by asking once more, in vain, with the keys of questions whose answers are open, frees none of their places', async () => {
    using visitor = await attacker('198.51.100.33');
    await withHeldAnswers(async () => {
      const asked = Array.from({ length: MOST }, question);
      for (const sent of asked) expect(isRefused(await visitor.ask('send', sent))).toBe(false);
      for (const sent of asked) {
        const { conversationId, clientMessageId } = sent;
        const retry = { conversationId, clientMessageId, answerId: 'a_made_up' };
        expect(await visitor.ask('retry', retry)).toMatchObject({ error: { code: 'ANSWER_NOT_FOUND' } });
        expect(isRefused(await visitor.ask('send', question()))).toBe(true);
      }
    });
  });

  test('by Stop and Retry in a loop has no more than the same few under way', async () => {
    using visitor = await attacker('198.51.100.32');
    await withHeldAnswers(async () => {
      for (let round = 0; round < MOST; round++) {
        const sent = question();
        const { answerId } = await visitor.ask('send', sent);
        const answer = { conversationId: sent.conversationId, answerId };
        expect(await visitor.ask('stop', answer)).toEqual({ ok: true });
        await visitor.until('answer-ended', ({ id }) => id === answerId);
        const key = { clientMessageId: randomUUID() };
        expect(isRefused(await visitor.ask('retry', { ...answer, ...key }))).toBe(false);
      }
      expect(isRefused(await visitor.ask('send', question()))).toBe(true);
    });
  });
});

testAftermath(() => arena, QUESTION);
