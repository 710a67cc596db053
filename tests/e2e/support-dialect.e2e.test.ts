import { randomUUID } from 'node:crypto';
import { Cluster, ScriptedProvider, answer, waitFor } from '@parley/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RecordingClient } from './clients/recording-client.ts';
import { call } from './clients/rest-client.ts';

let provider: ScriptedProvider;
let cluster: Cluster;
let urlA: string;
let urlB: string;

beforeAll(async () => {
  provider = await ScriptedProvider.start();
  provider.script(answer('I am the AI'));
  cluster = await Cluster.start({ gateways: 2, workers: 2, provider });
  [urlA, urlB] = cluster.gateways.map(({ url }) => url) as [string, string];
});
afterAll(async () => {
  await cluster.stop();
  await provider.stop();
});

const text = (): string => expect.any(String) as string;
const isoTime = (): string => expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string;
const admin = (url: string): Promise<RecordingClient> =>
  RecordingClient.connect(url, { auth: { token: cluster.adminToken } });

interface Summary {
  sessionId: string;
  isActive: boolean;
}
const summaryIn = (client: RecordingClient, sessionId: string): Summary | undefined =>
  (client.all('sessions-list').at(-1) as unknown as Summary[] | undefined)?.find(
    one => one.sessionId === sessionId,
  );

test('a visitor, a second tab and an admin on two gateways: every event of the contract', async () => {
  using visitor = await RecordingClient.connect(urlA);
  const opened = await visitor.ask('init_session', {});
  expect(opened).toEqual({ sessionId: text(), token: text() });
  const sessionId = opened.sessionId as string;
  expect(visitor.all('session_init')).toEqual([{ sessionId }]);

  using tab = await RecordingClient.connect(urlB);
  expect(await tab.ask('init_session', { sessionId })).toMatchObject({ sessionId });
  using boss = await admin(urlB);
  await boss.ask('admin-connect');

  const ack = await visitor.ask('user_message', { sessionId, content: 'Help me' });
  const question = {
    id: text(),
    sessionId,
    content: 'Help me',
    sender: 'user',
    timestamp: isoTime(),
    isAI: false,
  };
  expect(ack).toEqual({ ok: true, message: question });
  const reply = {
    id: text(),
    sessionId,
    content: 'I am the AI',
    sender: 'ai',
    timestamp: isoTime(),
    isAI: true,
  };

  expect(await tab.until('message', ({ sender }) => sender === 'user')).toEqual(question);
  expect(await tab.until('message', ({ sender }) => sender === 'ai')).toEqual(reply);
  expect(await visitor.until('message')).toEqual(reply);
  expect(visitor.all('message')).toHaveLength(1);
  await waitFor(() => boss.all('new-message').length === 2, { what: 'both messages at the admin' });
  expect(boss.all('new-message')).toEqual([
    { sessionId, message: question },
    { sessionId, message: reply },
  ]);

  await boss.ask('get-sessions');
  expect(summaryIn(boss, sessionId)).toEqual({
    sessionId,
    user: `User-${sessionId.slice(0, 8)}`,
    lastMessage: 'I am the AI',
    timestamp: isoTime(),
    isActive: true,
  });
  await boss.ask('get-messages', { sessionId });
  expect(boss.all('messages-history')).toEqual([[question, reply]]);

  await boss.ask('admin_message', { sessionId, content: 'A person here' });
  for (const client of [visitor, tab]) {
    expect(await client.until('message', ({ sender }) => sender === 'admin')).toEqual({
      id: text(),
      sessionId,
      content: 'A person here',
      sender: 'admin',
      timestamp: isoTime(),
      isAI: false,
    });
  }
});

test('an unknown session is created under the id that the client holds, with its real address', async () => {
  const sessionId = `kept-${randomUUID()}`;
  using visitor = await RecordingClient.connect(urlA, { extraHeaders: { 'user-agent': 'my-browser/1' } });
  expect(await visitor.ask('init_session', { sessionId })).toMatchObject({ sessionId });
  const { body } = await call(urlB, '/api/chat/session', { body: { sessionId } });
  expect(body).toEqual({
    sessionId,
    session: {
      id: sessionId,
      userAgent: 'my-browser/1',
      ipAddress: expect.stringContaining('127.0.0.1') as string,
      createdAt: isoTime(),
      updatedAt: isoTime(),
    },
    token: text(),
  });
});

test('presence is the same whichever gateway the admin asks, and goes with a killed gateway', async () => {
  const extra = await cluster.addGateway();
  using visitor = await RecordingClient.connect(extra.url, { reconnection: false });
  const { sessionId } = (await visitor.ask('init_session', {})) as { sessionId: string };
  using bossA = await admin(urlA);
  using bossB = await admin(urlB);
  for (const boss of [bossA, bossB]) {
    await boss.ask('get-sessions');
    expect(summaryIn(boss, sessionId)?.isActive).toBe(true);
  }
  await extra.kill();
  for (const boss of [bossA, bossB]) {
    const gone = async (): Promise<boolean> => {
      await boss.ask('get-sessions');
      return summaryIn(boss, sessionId)?.isActive === false;
    };
    await waitFor(gone, { what: 'the session to go inactive', deadlineMs: 15_000 });
  }
});

test('admins get a new list when a session comes or goes, without asking', async () => {
  using boss = await admin(urlB);
  await boss.ask('admin-connect');
  using visitor = await RecordingClient.connect(urlA);
  const { sessionId } = (await visitor.ask('init_session', {})) as { sessionId: string };
  await waitFor(() => summaryIn(boss, sessionId)?.isActive === true, { what: 'the session in the list' });
  visitor.socket.disconnect();
  await waitFor(() => summaryIn(boss, sessionId)?.isActive === false, { what: 'the session to be inactive' });
});

test.each([
  ['admin-connect', undefined],
  ['admin-connect', { token: 'guess' }],
  ['get-sessions', undefined],
  ['get-messages', { sessionId: 'any' }],
  ['admin_message', { sessionId: 'any', content: 'I am the boss' }],
])('a visitor that says %s %j is refused and nothing else happens', async (event, payload) => {
  using visitor = await RecordingClient.connect(urlA);
  const ack = await visitor.ask(event, payload);
  expect(ack).toMatchObject({ ok: false, error: { code: 'UNAUTHORIZED' } });
  await visitor.until('error');
  expect(visitor.events).toEqual([
    { event: 'error', payload: { message: text(), code: 'UNAUTHORIZED', event } },
  ]);
  expect((await call(urlA, '/api/chat/messages/any')).status).toBe(404);
});
