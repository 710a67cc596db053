import { randomUUID } from 'node:crypto';
import { Cluster, ScriptedProvider, answer, holdAfter, pieces, waitFor } from '@parley/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nativeClient, send, shownText } from './clients/native-client.ts';
import type { RecordingClient } from './clients/recording-client.ts';
import { call } from './clients/rest-client.ts';

let provider: ScriptedProvider;
let cluster: Cluster;
let urlA: string;
let urlB: string;

beforeAll(async () => {
  provider = await ScriptedProvider.start();
  cluster = await Cluster.start({ gateways: 2, workers: 2, provider });
  [urlA, urlB] = cluster.gateways.map(({ url }) => url) as [string, string];
});
afterAll(async () => {
  await cluster.stop();
  await provider.stop();
});

const shownOf = async (conversationId: string): Promise<[string, string, string][]> => {
  using client = await nativeClient(urlA);
  const { messages } = await client.ask('resume', { conversationId });
  return (messages as Record<string, string>[]).map(({ role = '', content = '', status = '' }) => [
    role,
    content,
    status,
  ]);
};

/** What the model was asked last, without the system prompt. */
const lastAsked = (): string[] => (provider.requests.at(-1)?.messages ?? []).slice(1).map(({ text }) => text);

/** A conversation with an answer that hangs after "One two". */
async function hanging(
  url: string,
  conversationId: string,
): Promise<{ client: RecordingClient; answerId: string }> {
  provider.scriptNext(pieces(['One', ' two', ' three'], { faults: [holdAfter(2)] }));
  const client = await nativeClient(url);
  const { answerId } = await send(client, conversationId, 'Count');
  await client.until('answer-piece', ({ offset }) => offset === 3);
  return { client, answerId: answerId as string };
}

test('stop from another gateway: the model is cut off, and the text so far is the answer', async () => {
  const conversationId = randomUUID();
  const { client, answerId } = await hanging(urlA, conversationId);
  using _visitor = client;
  using other = await nativeClient(urlB);
  const aborted = provider.aborted;
  expect(await other.ask('stop', { conversationId, answerId })).toEqual({ ok: true });
  expect(await client.until('answer-ended')).toMatchObject({
    id: answerId,
    status: 'stopped',
    content: 'One two',
  });
  await waitFor(() => provider.aborted === aborted + 1, { what: 'the provider to see the abort' });
  expect(shownText(client, answerId)).toBe('One two');
});

test('stop of an answer that is not there, or somebody made up', async () => {
  using client = await nativeClient(urlA);
  const ack = await client.ask('stop', { conversationId: randomUUID(), answerId: 'a_made_up' });
  expect(ack).toMatchObject({ ok: false, error: { code: 'ANSWER_NOT_FOUND' } });
});

test('retry from any gateway gives a new answer in place of the old one, once for a key', async () => {
  const conversationId = randomUUID();
  provider.scriptNext(answer('First try'), answer('Second try'));
  using client = await nativeClient(urlA);
  const { answerId } = await send(client, conversationId, 'Tell me');
  await client.until('answer-ended');
  const again = { conversationId, answerId, clientMessageId: randomUUID() };
  using other = await nativeClient(urlB);
  // Whoever comes only with its retry may come when the answer has ended, and is not told of that.
  await other.ask('resume', { conversationId });
  const acks = await Promise.all([client.ask('retry', again), other.ask('retry', again)]);
  expect(acks[0]).toMatchObject({ ok: true, answerId: expect.any(String) as string });
  expect(acks[1]).toEqual(acks[0]);
  for (const one of [client, other]) await one.until('answer-ended', ({ id }) => id === acks[0].answerId);
  expect(await client.until('message', ({ id }) => id === answerId)).toMatchObject({ status: 'superseded' });
  expect(await shownOf(conversationId)).toEqual([
    ['user', 'Tell me', 'complete'],
    ['assistant', 'First try', 'superseded'],
    ['assistant', 'Second try', 'complete'],
  ]);
  // What was superseded is no part of the conversation any more, for the model as well as for the original clients.
  expect(lastAsked()).toEqual(['Tell me']);
  const { body } = await call(urlB, `/api/conversations/${conversationId}`);
  expect(body.messages.map(({ content }: { content: string }) => content)).toEqual(['Tell me', 'Second try']);
});

test('edit from another gateway replaces a message and what came after it, also while it is being answered', async () => {
  const conversationId = randomUUID();
  const { client, answerId } = await hanging(urlA, conversationId);
  using _visitor = client;
  const question = client.all('message')[0];
  provider.scriptNext(answer('Edited answer'));
  const edit = {
    conversationId,
    messageId: question?.id,
    clientMessageId: randomUUID(),
    content: 'Count again',
  };
  using other = await nativeClient(urlB);
  const ack = await other.ask('edit', edit);
  expect(ack).toMatchObject({ ok: true, message: { content: 'Count again' } });
  await client.until('answer-ended', ({ id }) => id === ack.answerId);
  expect(await client.until('answer-ended', ({ id }) => id === answerId)).toMatchObject({
    status: 'superseded',
  });
  await client.until('message', ({ id, status }) => id === question?.id && status === 'superseded');
  await client.until('message', ({ content }) => content === 'Count again');
  expect(await shownOf(conversationId)).toEqual([
    ['user', 'Count', 'superseded'],
    ['assistant', 'One two', 'superseded'],
    ['user', 'Count again', 'complete'],
    ['assistant', 'Edited answer', 'complete'],
  ]);
  expect(lastAsked()).toEqual(['Count again']);
});

test('takeover: no AI text after it, on any gateway; handed back, the AI sees what the people wrote', async () => {
  const conversationId = randomUUID();
  const { client, answerId } = await hanging(urlA, conversationId);
  using visitor = client;
  using watcher = await nativeClient(urlB);
  await watcher.ask('resume', { conversationId });
  using admin = await nativeClient(urlB, cluster.adminToken);
  await admin.ask('resume', { conversationId });
  expect(await admin.ask('set-mode', { conversationId, mode: 'human' })).toEqual({ ok: true });
  const heard = [visitor, watcher].map(({ events }) => events.length);
  for (const one of [visitor, watcher]) {
    expect(await one.until('mode')).toEqual({ conversationId, mode: 'human' });
    expect(await one.until('answer-ended')).toMatchObject({
      id: answerId,
      status: 'stopped',
      content: 'One two',
    });
  }
  [visitor, watcher].forEach(({ events }, index) => {
    expect(events.slice(heard[index]).filter(({ event }) => event === 'answer-piece')).toEqual([]);
  });

  const asked = provider.requests.length;
  expect(await send(visitor, conversationId, 'A person?')).not.toHaveProperty('answerId');
  await admin.ask('say-as-admin', {
    conversationId,
    clientMessageId: randomUUID(),
    content: 'Yes, Ana here',
  });
  expect(await visitor.until('message', ({ role }) => role === 'admin')).toMatchObject({
    content: 'Yes, Ana here',
  });
  expect(provider.requests).toHaveLength(asked);

  provider.scriptNext(answer('Back again'));
  await admin.ask('set-mode', { conversationId, mode: 'ai' });
  const { answerId: next } = await send(visitor, conversationId, 'Thanks, robot?');
  await visitor.until('answer-ended', ({ id }) => id === next);
  expect(lastAsked().join('|')).toContain('A person?|Yes, Ana here');
});

test.each([
  ['set-mode', { conversationId: 'c', mode: 'human' }],
  ['say-as-admin', { conversationId: 'c', clientMessageId: 'k', content: 'I am the boss' }],
])('a visitor that says %s is refused', async (event, payload) => {
  using visitor = await nativeClient(urlA);
  expect(await visitor.ask(event, payload)).toMatchObject({ ok: false, error: { code: 'UNAUTHORIZED' } });
});

test('typing reaches the others, not the one who types', async () => {
  const conversationId = randomUUID();
  using visitor = await nativeClient(urlA);
  using admin = await nativeClient(urlB, cluster.adminToken);
  for (const client of [visitor, admin]) await client.ask('resume', { conversationId });
  await visitor.ask('typing', { conversationId, isTyping: true });
  expect(await admin.until('typing')).toEqual({ conversationId, who: 'visitor', isTyping: true });
  await admin.ask('typing', { conversationId, isTyping: true });
  expect(await visitor.until('typing')).toEqual({ conversationId, who: 'admin', isTyping: true });
  expect(visitor.all('typing')).toHaveLength(1);
});
