import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Message } from '@parley/contracts';
import { HistoryClient } from '@parley/platform';
import { waitFor } from '@parley/testkit';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { FeedHub } from '../feed/feed-hub.ts';
import { AnswerWaits } from './answer-waits.ts';

const at = '2026-01-01T00:00:00.000Z';
const pending: Message = {
  id: 'a_1',
  conversationId: 'c',
  seq: 2,
  role: 'assistant',
  content: '',
  status: 'pending',
  createdAt: at,
  updatedAt: at,
};
const stored: Message = { ...pending, content: 'Hi', status: 'complete' };

/** Feeds that nothing is said in: what is told, the test tells. */
const hub = { acquire: () => Promise.resolve(), release: () => undefined } as unknown as FeedHub;

/** A history that answers every call like this. */
async function historyThat(answers: RequestListener): Promise<HistoryClient> {
  const server = createServer(answers).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const history = new HistoryClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  onTestFinished(() => history[Symbol.dispose]());
  return history;
}

const hangs: RequestListener = () => undefined;
const refuses =
  (status: number, code: string): RequestListener =>
  (_request, response) =>
    void response.writeHead(status).end(JSON.stringify({ code, message: code }));

test('a history that hangs does not hold up the deadline', async () => {
  const waits = new AnswerWaits();
  const waiting = waits.wait(hub, await historyThat(hangs), pending, 50);
  await expect(waiting).rejects.toMatchObject({ code: 'ANSWER_TIMEOUT' });
  expect(waits.size).toBe(0);
});

test('a history that fails does not end the wait: the answer may be told all the same', async () => {
  const waits = new AnswerWaits();
  const history = await historyThat(refuses(503, 'HISTORY_UNAVAILABLE'));
  const call = vi.spyOn(history, 'call');
  const waiting = waits.wait(hub, history, pending, 60_000);
  await waitFor(() => call.mock.settledResults[0]?.type === 'rejected', { what: 'history to fail' });
  waits.answerStored(stored);
  expect(await waiting).toEqual(stored);
});

test('an answer that is gone ends the wait', async () => {
  const waits = new AnswerWaits();
  const waiting = waits.wait(hub, await historyThat(refuses(404, 'NOT_FOUND')), pending, 60_000);
  await expect(waiting).rejects.toMatchObject({ code: 'CONVERSATION_NOT_FOUND' });
});

test('who is told to go on waiting elsewhere is told so at once, and when', async () => {
  const waits = new AnswerWaits();
  const history = await historyThat(hangs);
  const before = waits.wait(hub, history, pending, 60_000);
  await waitFor(() => waits.size === 1, { what: 'the first to wait' });
  waits.end();
  const after = waits.wait(hub, history, pending, 60_000);
  for (const waiting of [before, after]) {
    await expect(waiting).rejects.toMatchObject({
      code: 'ANSWER_TIMEOUT',
      retryAfterMs: expect.any(Number) as number,
    });
  }
  expect(waits.size).toBe(0);
});
