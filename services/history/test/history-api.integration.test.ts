import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManagedProcess, type OwnedRedis } from '@parley/testkit';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { HISTORY_MAIN, newId, startHistory, startRedis } from './running-history.ts';

let redis: OwnedRedis;

beforeEach(async () => {
  redis = await startRedis();
});

test('every call of the API does what it says', async () => {
  const { client } = await startHistory(redis);
  const conversationId = newId();
  const created = await client.call('createConversation', { conversationId, visitorId: 'v1' });
  expect(created).toMatchObject({ created: true, conversation: { id: conversationId, visitorId: 'v1' } });

  const turn = await client.call('appendTurn', { conversationId, clientMessageId: 'k1', content: 'Why? 😀' });
  expect(turn).toMatchObject({ enqueue: true, created: true, message: { content: 'Why? 😀' } });
  const answerId = turn.answer?.id ?? '';
  const asked = { conversationId, clientMessageId: 'k1' };
  expect(await client.call('needsAnswer', asked)).toEqual({ needed: false });
  expect(await client.call('needsAnswer', { ...asked, clientMessageId: 'k2', answerId })).toEqual({
    needed: true,
  });

  const claim = await client.call('claimAnswer', { conversationId, answerId, contextMessages: 10 });
  expect(claim).toMatchObject({ outcome: 'run', epoch: 1, lastRun: false, context: [turn.message] });
  expect(await client.call('releaseAnswer', { conversationId, answerId, epoch: 1 })).toEqual({
    released: true,
  });

  const note = { conversationId, clientMessageId: 'n1', role: 'admin', content: 'I am Ana' } as const;
  const { message } = await client.call('addMessage', note);
  expect(await client.call('addMessage', note)).toEqual({ message, created: false });
  const messageId = message.id;
  await client.call('updateMessage', { conversationId, messageId, content: 'I am Anna' });
  expect(await client.call('getMessage', { conversationId, messageId })).toMatchObject({
    message: { content: 'I am Anna', role: 'admin' },
  });
  const { messages } = await client.call('listMessages', { conversationId, afterSeq: turn.message.seq });
  expect(messages.map(({ id }) => id)).toEqual([answerId, messageId]);

  await client.call('updateConversation', { conversationId, title: 'A question' });
  const { conversation } = await client.call('getConversation', { conversationId });
  expect(conversation).toMatchObject({ title: 'A question', lastMessage: 'I am Ana' });
  expect(await client.call('listConversations', { limit: 1, visitorId: 'v1' })).toEqual({
    conversations: [conversation],
  });

  expect(await client.call('deleteConversation', { conversationId })).toEqual({ deleted: true });
  expect(await client.call('deleteConversation', { conversationId })).toEqual({ deleted: false });
});

test('what does not exist is told apart', async () => {
  const { client, ask } = await startHistory(redis);
  const conversationId = newId();
  const missing = { code: 'CONVERSATION_NOT_FOUND' };
  await expect(client.call('getConversation', { conversationId })).rejects.toMatchObject(missing);
  await expect(client.call('updateConversation', { conversationId, mode: 'human' })).rejects.toMatchObject(
    missing,
  );
  await expect(
    client.call('addMessage', { conversationId, clientMessageId: 'k', role: 'admin', content: 'x' }),
  ).rejects.toMatchObject(missing);
  await expect(
    client.call('claimAnswer', { conversationId, answerId: 'a_x', contextMessages: 1 }),
  ).rejects.toMatchObject({ code: 'ANSWER_NOT_FOUND' });
  const answer = await ask(conversationId);
  await expect(
    client.call('updateMessage', { conversationId, messageId: answer.id, content: 'x' }),
  ).rejects.toMatchObject({ code: 'ANSWER_IN_PROGRESS' });
  await expect(client.call('getMessage', { conversationId, messageId: 'm_x' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
});

test('what is not valid is refused with all that is wrong, and nothing is stored', async () => {
  const { service, client } = await startHistory(redis);
  const send = async (method: string, path: string, body?: string) => {
    const response = await fetch(`${service.url}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body !== undefined && { body }),
    });
    return {
      status: response.status,
      body: (await response.json()) as { code: string; details?: unknown[] },
    };
  };
  const invalid = { status: 400, body: { code: 'INVALID_REQUEST' } };
  const turns = '/conversations/c1/turns';
  const both = await send('POST', turns, JSON.stringify({ content: { $ne: null }, clientMessageId: 7 }));
  expect(both).toMatchObject({
    ...invalid,
    body: { details: [{ path: 'clientMessageId' }, { path: 'content' }] },
  });
  expect(await send('POST', turns)).toMatchObject(invalid);
  expect(await send('POST', turns, '{"content":')).toMatchObject(invalid);
  expect(await send('POST', turns, '[]')).toMatchObject(invalid);
  expect(await send('POST', turns, '{"clientMessageId":"k","content":"\\ud83d"}')).toMatchObject(invalid);
  expect(await send('GET', '/conversations/a%20b')).toMatchObject(invalid);
  expect(await send('GET', '/conversations?limit=0')).toMatchObject(invalid);
  expect(await send('GET', '/conversations?visitorId=a&visitorId=b')).toMatchObject(invalid);
  expect(await send('GET', '/conversations?before=nonsense')).toMatchObject(invalid);
  expect(await send('GET', '/nowhere')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  const huge = JSON.stringify({ clientMessageId: 'k', content: 'x'.repeat(13_000_000) });
  expect(await send('POST', turns, huge)).toMatchObject({ status: 413, body: { code: 'MESSAGE_TOO_LONG' } });
  expect((await client.call('listConversations', {})).conversations).toEqual([]);
});

test('with a token, only who knows it is served; the probes are for everybody', async () => {
  const token = 'a-token-of-enough-characters';
  const { service, client } = await startHistory(redis, { INTERNAL_TOKEN: token, HOST: '0.0.0.0' });
  expect(await client.call('listConversations', {})).toEqual({ conversations: [] });
  for (const authorization of ['', 'Bearer', `Bearer ${token}x`, `bearer ${token}`, token]) {
    const response = await fetch(`${service.url}/conversations`, { headers: { authorization } });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code: 'UNAUTHORIZED' });
  }
  for (const probe of ['/livez', '/readyz', '/metrics'])
    expect((await fetch(`${service.url}${probe}`)).status).toBe(200);
});

test('a configuration that cannot work is explained and ends the process', async () => {
  const history = new ManagedProcess({
    name: 'history',
    command: process.execPath,
    args: [HISTORY_MAIN],
    env: { PATH: process.env.PATH, HOST: '0.0.0.0', DATABASE_URL: 'mysql://nowhere', NODE_ENV: 'production' },
  });
  expect(await history.exited).toMatchObject({ code: 1 });
  const said = history.lines.join('\n');
  for (const name of ['DATABASE_URL', 'REDIS_URL', 'INTERNAL_TOKEN']) expect(said).toContain(name);
});

test('SIGKILL loses nothing that was acknowledged', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-history-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const { service, client, ask } = await startHistory(redis, {
    DATABASE_URL: `sqlite:${folder}/data/parley.db`,
  });
  const ids = Array.from({ length: 20 }, newId);
  const answers = await Promise.all(ids.map(id => ask(id)));
  await service.restart();
  for (const answer of answers) {
    const { conversationId, id: messageId } = answer;
    expect(await client.call('getMessage', { conversationId, messageId })).toEqual({ message: answer });
    expect((await client.call('listMessages', { conversationId })).messages).toHaveLength(2);
  }
});

test('SIGTERM ends it in order', async () => {
  const { service, ask } = await startHistory(redis);
  await ask(newId());
  expect(await service.terminate()).toBe(0);
});
