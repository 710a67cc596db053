import { randomUUID } from 'node:crypto';
import { NATIVE_NAMESPACE } from '@parley/contracts';
import { Cluster, ScriptedProvider, answer, holdAfter, pieces, waitFor } from '@parley/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RecordingClient } from './clients/recording-client.ts';
import { call } from './clients/rest-client.ts';
import { newVisitor, talkativeVisitor } from './clients/token-visitor.ts';

let provider: ScriptedProvider;
let cluster: Cluster;
let urlA: string;
let urlB: string;

beforeAll(async () => {
  provider = await ScriptedProvider.start();
  provider.script(answer('The answer'));
  cluster = await Cluster.start({ gateways: 2, provider, env: { AUTH_MODE: 'token' } });
  [urlA, urlB] = cluster.gateways.map(({ url }) => url) as [string, string];
});
afterAll(async () => {
  await cluster.stop();
  await provider.stop();
});

const connect = (token?: string, namespace = ''): Promise<RecordingClient> =>
  RecordingClient.connect(`${urlB}${namespace}`, token === undefined ? {} : { auth: { token } });

async function activeSessions(): Promise<string[]> {
  using admin = await connect(cluster.adminToken);
  await admin.ask('get-sessions');
  const list = (await admin.until('sessions-list')) as unknown as { sessionId: string; isActive: boolean }[];
  return list.filter(({ isActive }) => isActive).map(({ sessionId }) => sessionId);
}

/** What distinguishes two replies to somebody who compares them. */
async function looks(path: string, options: Parameters<typeof call>[2]): Promise<unknown> {
  const { status, headers, body } = await call(urlA, path, options);
  return { status, body, length: headers.get('content-length'), names: [...headers.keys()].sort() };
}

const mistyped = (id: string): string => id.slice(0, -1) + (id.endsWith('0') ? '1' : '0');

describe("another visitor's conversation looks exactly like none", () => {
  const calls = (id: string): [path: string, options: Parameters<typeof call>[2]][] => [
    [`/api/conversations/${id}`, {}],
    [`/api/conversations/${id}`, { method: 'DELETE' }],
    [`/api/chat/messages/${id}`, {}],
    ['/api/chat', { body: { message: 'Hi', conversationId: id } }],
    ['/api/chat/message', { body: { sessionId: id, content: 'Hi', sender: 'user' } }],
    ['/api/chat/message', { body: { sessionId: id, content: 'Hi', sender: 'admin' } }],
  ];

  test.each(['a visitor', 'nobody'])('over REST, to %s', async who => {
    const owner = await talkativeVisitor(urlA);
    const headers = who === 'nobody' ? {} : (await newVisitor(urlA)).headers;
    const before = await call(urlA, `/api/conversations/${owner.sessionId}`, { headers: owner.headers });
    for (const [index, [path, options]] of calls(owner.sessionId).entries()) {
      const foreign = await looks(path, { ...options, headers });
      expect(foreign).toMatchObject({ status: index === 5 ? 401 : 404 });
      for (const unknown of [randomUUID(), mistyped(owner.sessionId)]) {
        const [unknownPath, unknownOptions] = calls(unknown)[index] ?? ['', {}];
        expect(await looks(unknownPath, { ...unknownOptions, headers })).toEqual(foreign);
      }
    }
    expect(
      await call(urlA, `/api/conversations/${owner.sessionId}`, { headers: owner.headers }),
    ).toMatchObject({
      status: 200,
      body: before.body,
    });
  });

  const original = (id: string): [event: string, payload: unknown][] => [
    ['join_conversation', { conversationId: id }],
    ['stream_chat', { conversationId: id, message: 'Hi' }],
    ['user_message', { sessionId: id, content: 'Hi' }],
    ['leave_conversation', { conversationId: id }],
    ['get-messages', { sessionId: id }],
    ['admin_message', { sessionId: id, content: 'I am the boss' }],
  ];
  const native =
    (answerId: string, key: string) =>
    (id: string): [event: string, payload: unknown][] => [
      ['send', { conversationId: id, clientMessageId: key, content: 'Hi' }],
      ['edit', { conversationId: id, clientMessageId: key, content: 'Hi', messageId: answerId }],
      ['stop', { conversationId: id, answerId }],
      ['retry', { conversationId: id, answerId, clientMessageId: key }],
      ['typing', { conversationId: id, isTyping: true }],
      ['leave', { conversationId: id }],
      ['set-mode', { conversationId: id, mode: 'human' }],
      ['say-as-admin', { conversationId: id, clientMessageId: key, content: 'I am the boss' }],
    ];

  test.each(['a visitor', 'nobody'])('over sockets, to %s; and nothing leaks later', async who => {
    const owner = await talkativeVisitor(urlA);
    const token = who === 'nobody' ? undefined : (await newVisitor(urlA)).token;
    using here = await connect(token);
    using there = await connect(token, NATIVE_NAMESPACE);
    const catalogs = [
      [here, original],
      [there, native(owner.answerId, randomUUID())],
    ] as const;
    for (const [socket, events] of catalogs) {
      const told = async (id: string): Promise<unknown[]> => {
        const from = socket.events.length;
        const acks = [];
        for (const [event, payload] of events(id)) acks.push(await socket.ask(event, payload));
        // The error event of the last call comes after its acknowledgement.
        const failed = acks.filter(ack => ack.ok === false).length;
        await waitFor(() => socket.events.length === from + failed, { what: 'the error events' });
        return [...acks, ...socket.events.slice(from)];
      };
      const foreign = await told(owner.sessionId);
      expect(JSON.stringify(foreign)).not.toContain(owner.sessionId);
      for (const unknown of [randomUUID(), mistyped(owner.sessionId)])
        expect(await told(unknown)).toEqual(foreign);
    }
    const heard = here.events.length + there.events.length;
    expect(await activeSessions()).not.toContain(owner.sessionId);

    using itself = await connect(owner.token);
    await itself.ask('stream_chat', { message: 'Still here', conversationId: owner.sessionId });
    await itself.until('stream_complete');
    await here.ask('leave_conversation', { conversationId: randomUUID() });
    await there.ask('leave', { conversationId: randomUUID() });
    expect(here.events.length + there.events.length).toBe(heard);
    const { body } = await call(urlA, `/api/chat/messages/${owner.sessionId}`, { headers: owner.headers });
    expect(body.messages.map(({ content }: { content: string }) => content)).toEqual([
      'My secret is 42',
      'The answer',
      'Still here',
      'The answer',
    ]);
  });

  test('init_session and a native resume give a new conversation, the same for both kinds of id', async () => {
    const owner = await talkativeVisitor(urlA);
    const positions = [{ answerId: owner.answerId, epoch: 1, offset: 0 }];
    for (const id of [owner.sessionId, randomUUID()]) {
      using support = await connect();
      const opened = await support.ask('init_session', { sessionId: id });
      expect(Object.keys(opened).sort()).toEqual(['sessionId', 'token']);
      using native = await connect(undefined, NATIVE_NAMESPACE);
      const resumed = await native.ask('resume', { conversationId: id, positions });
      expect(resumed).toMatchObject({ ok: true, messages: [], pieces: [], mode: 'ai' });
      for (const given of [opened.sessionId, resumed.conversationId]) {
        expect(given).toMatch(/^[0-9a-f-]{36}$/);
        expect(given).not.toBe(id);
      }
    }
  });

  test('a step in a path is no id, by which one could come to another call of history', async () => {
    const { token, headers } = await newVisitor(urlA);
    using there = await connect(token, NATIVE_NAMESPACE);
    for (const id of ['.', '..']) {
      const opened = await call(urlA, '/api/chat/session', { body: { sessionId: id }, headers });
      expect(opened).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } });
      for (const [event, payload] of native(`a_${'x'.repeat(22)}`, randomUUID())(id)) {
        const ack = await there.ask(event, payload);
        expect(ack).toMatchObject({ ok: false, error: { code: 'INVALID_REQUEST' } });
      }
    }
    expect((await call(urlA, '/api/conversations', { headers })).status).toBe(200);
  });

  test("an answer under way cannot be reached through one's own conversation", async () => {
    const [owner, other] = [await newVisitor(urlA), await newVisitor(urlA)];
    provider.scriptNext(pieces(['Held', ' back'], { faults: [holdAfter(1)] }));
    using itself = await connect(owner.token, NATIVE_NAMESPACE);
    const sent = await itself.ask('send', {
      conversationId: owner.sessionId,
      clientMessageId: randomUUID(),
      content: 'Go',
    });
    await itself.ask('resume', { conversationId: owner.sessionId });
    await itself.until('piece');
    using outsider = await connect(other.token, NATIVE_NAMESPACE);
    const own = { conversationId: other.sessionId, answerId: sent.answerId };
    const unknown = { ...own, answerId: `a_${'x'.repeat(22)}` };
    for (const [event, more] of [
      ['stop', {}],
      ['retry', { clientMessageId: randomUUID() }],
    ] as const) {
      const ack = await outsider.ask(event, { ...own, ...more });
      expect(ack).toMatchObject({ ok: false, error: { code: 'ANSWER_NOT_FOUND' } });
      expect(await outsider.ask(event, { ...unknown, ...more })).toEqual(ack);
    }
    const positions = [{ answerId: sent.answerId, epoch: 1, offset: 0 }];
    const resumed = await outsider.ask('resume', { conversationId: other.sessionId, positions });
    expect(resumed).toMatchObject({ messages: [], pieces: [] });
    provider.release();
    expect(await itself.until('answer-ended')).toMatchObject({ content: 'Held back', status: 'complete' });
    expect(outsider.events.filter(({ event }) => event !== 'error')).toEqual([]);
  });
});
