import { randomUUID } from 'node:crypto';
import { Cluster, ScriptedProvider, answer, holdAfter, pieces, readMetric, waitFor } from '@parley/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nativeClient, send } from './clients/native-client.ts';
import { call } from './clients/rest-client.ts';
import { newVisitor } from './clients/token-visitor.ts';

const DAY_MS = 86_400_000;
const REFUSED = 'parley_gateway_refused_answers_total';
const TOO_MANY = {
  ok: false,
  error: { code: 'RATE_LIMIT_EXCEEDED', retryAfterMs: expect.any(Number) as number },
};

let provider: ScriptedProvider;

beforeEach(async () => {
  provider = await ScriptedProvider.start();
});
afterEach(async () => {
  await provider.stop();
});

/** A conversation of the visitor's own, beside the one that came with the token. */
async function conversationOf(url: string, headers: Record<string, string>): Promise<string> {
  const { body } = await call(url, '/api/chat/session', { body: {}, headers });
  return body.sessionId as string;
}

test('a visitor with too many open answers in all conversations, on any gateway, waits until one has ended', async () => {
  const env = { AUTH_MODE: 'token', QUEUE_MAX_PER_VISITOR: '2' };
  await using cluster = await Cluster.start({ provider, gateways: 2, env });
  const [url = '', otherUrl = ''] = cluster.gateways.map(gateway => gateway.url);
  const { token, headers, sessionId: first } = await newVisitor(url);
  const [second, third] = [await conversationOf(url, headers), await conversationOf(url, headers)];
  using visitor = await nativeClient(url, token);
  using elsewhere = await nativeClient(otherUrl, token);
  provider.scriptNext(answer('answered already'), answer('answered once more'));
  provider.script(pieces(['a', 'b'], { faults: [holdAfter(1)] }));
  const { answerId: superseded } = await send(visitor, third, 'zero');
  await visitor.until('answer-ended', ({ id }) => id === superseded);
  const retried = { conversationId: third, answerId: superseded, clientMessageId: randomUUID() };
  const { answerId } = await visitor.ask('retry', retried);
  await visitor.until('answer-ended', ({ id }) => id === answerId);

  const sent = { conversationId: first, clientMessageId: randomUUID(), content: 'one' };
  expect(await visitor.ask('send', sent)).toMatchObject({ ok: true });
  expect((await send(elsewhere, second, 'two')).ok).toBe(true);
  await visitor.until('answer-piece', piece => piece.conversationId === first);
  await elsewhere.until('answer-piece', piece => piece.conversationId === second);
  for (const client of [visitor, elsewhere]) {
    expect(await send(client, third, 'three')).toMatchObject(TOO_MANY);
    const again = { conversationId: third, answerId, clientMessageId: randomUUID() };
    expect(await client.ask('retry', again)).toMatchObject(TOO_MANY);
  }
  // Stored already: whoever has lost the acknowledgement gets it. That is no refusal.
  expect(await elsewhere.ask('send', sent)).toMatchObject({ ok: true });
  expect(await elsewhere.ask('retry', retried)).toEqual({ ok: true, answerId });
  for (const gateway of [url, otherUrl])
    expect(await readMetric(gateway, REFUSED, 'reason="open answers"')).toBe(2);
  const { token: anothers, sessionId } = await newVisitor(url);
  using another = await nativeClient(url, anothers);
  expect((await send(another, sessionId, 'not my fault')).ok).toBe(true);

  provider.script(answer('x'));
  provider.release();
  await elsewhere.until('answer-ended', ({ conversationId }) => conversationId === second);
  await waitFor(async () => (await send(visitor, third, 'three')).ok, { what: 'a free place' });
});

test('once the budget of the day is spent, questions are refused, and those that wait are answered without the model', async () => {
  const env = { DAILY_TOKEN_BUDGET: '100', WORKER_CONCURRENCY: '1' };
  await using cluster = await Cluster.start({ provider, env });
  const url = cluster.gateways[0]?.url ?? '';
  provider.script(pieces(['Yes', '.'], { usage: { input: 500, output: 500 }, faults: [holdAfter(1)] }));
  using visitor = await nativeClient(url);
  const [conversationId, ofAPerson] = [randomUUID(), randomUUID()];
  const { answerId: last } = await send(visitor, conversationId, 'the last one');
  await visitor.until('answer-piece', piece => piece.answerId === last);
  const waiting = { conversationId: randomUUID(), clientMessageId: randomUUID(), content: 'I wait' };
  const { answerId: late } = await visitor.ask('send', waiting);
  provider.release();

  expect(await visitor.until('answer-ended', ({ id }) => id === last)).toMatchObject({ content: 'Yes.' });
  expect(await visitor.until('answer-ended', ({ id }) => id === late)).toMatchObject({
    status: 'failed',
    content: "I apologize, but today's answers are used up. Please ask again tomorrow.",
  });
  const refused = await send(visitor, randomUUID(), 'and I?');
  expect(refused).toMatchObject({ ok: false, error: { code: 'BUDGET_SPENT' } });
  const { retryAfterMs } = refused.error as { retryAfterMs: number };
  expect((Date.now() + retryAfterMs) % DAY_MS).toBeLessThan(10_000);
  const retried = { conversationId, answerId: last, clientMessageId: randomUUID() };
  expect(await visitor.ask('retry', retried)).toMatchObject({ error: { code: 'BUDGET_SPENT' } });
  const asked = { message: 'and by REST?' };
  expect(await call(url, '/api/chat', { body: asked })).toMatchObject({
    status: 503,
    body: { code: 'BUDGET_SPENT' },
  });
  expect(provider.requests).toHaveLength(1);

  // What is stored already, and what a person answers, needs no budget.
  expect(await visitor.ask('send', waiting)).toMatchObject({ ok: true, answerId: late });
  using admin = await nativeClient(url, cluster.adminToken);
  await admin.ask('resume', { conversationId: ofAPerson });
  expect(await admin.ask('set-mode', { conversationId: ofAPerson, mode: 'human' })).toEqual({ ok: true });
  expect((await send(visitor, ofAPerson, 'is anybody there?')).ok).toBe(true);
});
