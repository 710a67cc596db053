import { randomUUID } from 'node:crypto';
import { Cluster, ScriptedProvider, waitFor } from '@parley/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nativeClient } from './clients/native-client.ts';
import { RecordingClient } from './clients/recording-client.ts';
import { call } from './clients/rest-client.ts';
import { SlowLine } from './clients/slow-line.ts';

const TURNS = 300;
/** As long as a message may be: together some 10 MB, far more than may wait for a client. */
const contentOf = (turn: number): string => `${turn} `.padEnd(32_000, 'x');
const PAGE_BYTES = 262_144;
const REPLY_BYTES = 8 * 1_048_576;

interface Page {
  readonly ok: boolean;
  readonly messages: { readonly seq: number; readonly content: string }[];
  readonly hasNewer?: boolean;
  readonly hasOlder?: boolean;
}

let provider: ScriptedProvider;
let cluster: Cluster;
const conversationId = randomUUID();
const gateway = () => cluster.gateways[0]?.url ?? '';

beforeAll(async () => {
  provider = await ScriptedProvider.start();
  cluster = await Cluster.start({ workers: 0, provider });
  const store = `${cluster.histories[0]?.url}/conversations/${conversationId}/turns`;
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${cluster.internalToken}` };
  for (let turn = 0; turn < TURNS; turn++) {
    const body = JSON.stringify({ conversationId, clientMessageId: `k${turn}`, content: contentOf(turn) });
    const stored = await fetch(store, { method: 'POST', headers, body });
    expect(stored.status).toBe(200);
  }
});
afterAll(async () => {
  await cluster.stop();
  await provider.stop();
});

const resume = async (client: RecordingClient, afterSeq?: number): Promise<Page> =>
  (await client.ask('resume', { conversationId, afterSeq })) as unknown as Page;
const older = async (client: RecordingClient, beforeSeq = 0): Promise<Page> =>
  (await client.ask('load-older', { conversationId, beforeSeq })) as unknown as Page;
const seqs = (...pages: Page[]): number[] => pages.flatMap(({ messages }) => messages.map(({ seq }) => seq));
const everySeq = Array.from({ length: 2 * TURNS }, (_, index) => index + 1);

test('whoever has missed ten megabytes gets them page by page over a slow line, and is not cut off', async () => {
  await using line = await SlowLine.start(cluster.gateways[0]?.port ?? 0);
  using client = await nativeClient(line.url);
  const pages = [await resume(client, 1)];
  while (pages.at(-1)?.hasNewer) pages.push(await resume(client, pages.at(-1)?.messages.at(-1)?.seq));
  expect(seqs(...pages)).toEqual(everySeq.slice(1));
  expect(client.all('error')).toEqual([]);
  for (const { messages } of pages) {
    expect(Buffer.byteLength(JSON.stringify(messages))).toBeLessThanOrEqual(PAGE_BYTES);
  }
}, 60_000);

test('who is new gets the newest page, and reads back as far as it likes', async () => {
  using client = await nativeClient(gateway());
  const pages = [await resume(client)];
  expect(seqs(...pages).at(-1)).toBe(2 * TURNS);
  expect(pages[0]?.hasNewer).toBe(false);
  while (pages[0]?.hasOlder) pages.unshift(await older(client, pages[0].messages[0]?.seq));
  expect(seqs(...pages)).toEqual(everySeq);
});

test('an admin gets its newest messages over a slow line, and is not cut off', async () => {
  await using line = await SlowLine.start(cluster.gateways[0]?.port ?? 0);
  using admin = await RecordingClient.connect(line.url, { auth: { token: cluster.adminToken } });
  await admin.ask('admin-connect', {});
  expect(await admin.ask('get-messages', { sessionId: conversationId })).toEqual({ ok: true });
  const messages = (await admin.until('messages-history')) as unknown as { content: string }[];
  expect(messages.at(-1)?.content).toBe(contentOf(TURNS - 1));
  expect(Buffer.byteLength(JSON.stringify(messages))).toBeLessThanOrEqual(PAGE_BYTES);
});

test('REST shows as much of it as one reply may have, and that is the newest', async () => {
  const { body: one } = await call(gateway(), `/api/conversations/${conversationId}`);
  const { body: list } = await call(gateway(), '/api/conversations');
  const { body: session } = await call(gateway(), `/api/chat/messages/${conversationId}`);
  for (const { messages } of [one, ...list, session]) {
    expect(messages.at(-1).content).toBe(contentOf(TURNS - 1));
    expect(messages.length).toBeGreaterThan(TURNS / 2);
    expect(Buffer.byteLength(JSON.stringify(messages))).toBeLessThanOrEqual(REPLY_BYTES);
  }
});

test('one resume at a time: the others are refused until it is answered, and the client stays', async () => {
  using client = await nativeClient(gateway());
  const [history] = cluster.histories;
  history?.pause();
  const asked = Array.from({ length: 20 }, () => resume(client));
  await waitFor(() => client.all('error').length === 19, { what: 'the others to be refused' });
  history?.resume();
  const pages = await Promise.all(asked);
  expect(pages.filter(({ ok }) => ok)).toHaveLength(1);
  expect(pages.find(({ ok }) => !ok)).toMatchObject({
    error: { code: 'RATE_LIMIT_EXCEEDED', retryAfterMs: expect.any(Number) as number },
  });
  expect(await resume(client)).toMatchObject({ ok: true });
});

test('a stranger reads nothing back', async () => {
  await using closed = await Cluster.start({ workers: 0, provider, env: { AUTH_MODE: 'token' } });
  const url = closed.gateways[0]?.url ?? '';
  using owner = await nativeClient(url);
  const { conversationId: owned } = await owner.ask('resume', {});
  using stranger = await nativeClient(url);
  await stranger.ask('resume', {});
  expect(await stranger.ask('load-older', { conversationId: owned, beforeSeq: 9 })).toMatchObject({
    error: { code: 'CONVERSATION_NOT_FOUND' },
  });
  expect(await owner.ask('load-older', { conversationId: owned, beforeSeq: 9 })).toMatchObject({ ok: true });
});
