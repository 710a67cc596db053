import { randomUUID } from 'node:crypto';
import { redisNames } from '@parley/contracts';
import { waitFor, type OwnedRedis } from '@parley/testkit';
import { createConnection, type Connection } from 'mongoose';
import { beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest';
import { answerIdOf, messageIdOf } from '../src/store/message-ids.ts';
import { MongoProxy } from './mongo-proxy.ts';
import {
  newId,
  openQueue,
  overhear,
  startHistory,
  startRedis,
  type RunningHistory,
} from './running-history.ts';

const server = inject('mongoUri');

/** The write that stores the answer, the second half of a turn. */
const isInsertOfAnswer = (message: Buffer): boolean =>
  message.includes('insert\0') && message.includes('assistant\0') && message.includes('pending\0');

describe.skipIf(server === null)('a history process killed between the two writes of a turn', () => {
  const turn = { clientMessageId: 'k1', content: 'Why?' };
  let redis: OwnedRedis;
  let databaseUrl: string;
  let raw: Connection;

  beforeEach(async () => {
    redis = await startRedis();
    databaseUrl = Object.assign(new URL(server ?? ''), {
      pathname: `/parley_${randomUUID().replaceAll('-', '')}`,
    }).href;
    raw = await createConnection(databaseUrl).asPromise();
    onTestFinished(async () => {
      await raw.dropDatabase();
      await raw.close();
    });
  });

  const start = (env: NodeJS.ProcessEnv): Promise<RunningHistory> =>
    startHistory(redis, { DATABASE_URL: databaseUrl, ...env });

  /** Sends a turn to a history that is killed when it has stored the message and is about to store the answer. */
  async function breakOff(conversationId: string): Promise<void> {
    const { promise: swallowed, resolve } = Promise.withResolvers<undefined>();
    const proxy = await MongoProxy.start(databaseUrl, message => {
      if (!isInsertOfAnswer(message)) return true;
      resolve(undefined);
      return false;
    });
    onTestFinished(() => proxy.stop());
    const { service, client } = await start({ DATABASE_URL: proxy.uri });
    const sending = expect(client.call('appendTurn', { conversationId, ...turn })).rejects.toMatchObject({
      code: 'HISTORY_UNAVAILABLE',
    });
    await swallowed;
    await service.kill();
    await sending;
    const stored = await raw.collection('messages').find().toArray();
    expect(stored).toMatchObject([{ role: 'user', openIn: conversationId }]);
  }

  async function expectWholeTurn(conversationId: string): Promise<void> {
    const messageId = messageIdOf(conversationId, turn.clientMessageId);
    const stored = await raw.collection('messages').find().sort({ seq: 1 }).toArray();
    expect(stored).toMatchObject([
      { _id: messageId, role: 'user', seq: 1 },
      { _id: answerIdOf(messageId), role: 'assistant', status: 'pending', seq: 2, openIn: conversationId },
    ]);
    expect(stored[0]).not.toHaveProperty('openIn');
  }

  test('a retry completes the turn: one message, one answer', async () => {
    const conversationId = newId();
    await breakOff(conversationId);
    const { client } = await start({});
    const first = await client.call('appendTurn', { conversationId, ...turn });
    expect(first).toMatchObject({ created: true, enqueue: true });
    expect(await client.call('appendTurn', { conversationId, ...turn })).toEqual({
      ...first,
      created: false,
    });
    await expectWholeTurn(conversationId);
  });

  test('without a retry the sweeper completes it, announces it and queues the answer', async () => {
    const conversationId = newId();
    await breakOff(conversationId);
    const heard = await overhear(redis.url, redisNames.conversationChannel(conversationId));
    const jobs = openQueue('answers', redis.url);
    await start({ SWEEP_INTERVAL_MS: '20', SWEEP_AFTER_MS: '0' });
    const answerId = answerIdOf(messageIdOf(conversationId, turn.clientMessageId));
    await waitFor(() => jobs.getJob(answerId), { what: 'the answer to be queued' });
    await heard.caughtUp();
    expect(heard.frames.map(({ type }) => type)).toEqual(['message.stored']);
    await expectWholeTurn(conversationId);
  });

  test('a later turn waits until the broken one is complete', async () => {
    const conversationId = newId();
    await breakOff(conversationId);
    const { client } = await start({});
    const later = { conversationId, clientMessageId: 'k2', content: 'And why not?' };
    expect(await client.call('appendTurn', later)).toMatchObject({ created: true, enqueue: false });
    const retried = await client.call('appendTurn', { conversationId, ...turn });
    expect(retried).toMatchObject({ created: true, enqueue: true, message: { seq: 1 }, answer: { seq: 2 } });
    const { messages } = await client.call('listMessages', { conversationId });
    expect(messages.map(({ seq, role }) => [seq, role])).toEqual([
      [1, 'user'],
      [2, 'assistant'],
      [3, 'user'],
      [4, 'assistant'],
    ]);
  });
});
