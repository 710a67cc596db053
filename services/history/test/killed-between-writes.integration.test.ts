import { randomUUID } from 'node:crypto';
import { redisNames, type HistoryRequest } from '@parley/contracts';
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

/** The write that brings lists of conversations up to date; in other commands `update` is a document. */
const isUpdateOfConversation = (message: Buffer): boolean =>
  message.includes('\x02update\0') && message.includes('conversations\0');

const isInsertOfMessage = (message: Buffer): boolean =>
  message.includes('\x02insert\0') && message.includes('messages\0');

describe.skipIf(server === null)('a history process killed between the writes of a turn', () => {
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

  /** Sends a turn to a history that is killed when it is about to make a write, by default that of the answer. */
  async function killAt(
    request: HistoryRequest<'appendTurn'>,
    isLastWrite: (message: Buffer) => boolean = isInsertOfAnswer,
  ): Promise<void> {
    const { promise: swallowed, resolve } = Promise.withResolvers<undefined>();
    const proxy = await MongoProxy.start(databaseUrl, message => {
      if (!isLastWrite(message)) return true;
      resolve(undefined);
      return false;
    });
    onTestFinished(() => proxy.stop());
    const { service, client } = await start({ DATABASE_URL: proxy.uri });
    const sending = expect(client.call('appendTurn', request)).rejects.toMatchObject({
      code: 'HISTORY_UNAVAILABLE',
    });
    await swallowed;
    await service.kill();
    await sending;
  }

  /** Breaks a turn off when its message is stored and its answer is not. */
  async function breakOff(conversationId: string): Promise<void> {
    await killAt({ conversationId, ...turn });
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

  describe('that wants to be alone', () => {
    const alone = { ...turn, doubleText: 'reject' } as const;
    const shown = { title: 'Why?', lastMessage: 'Why?' };

    test.for(['a retry', 'the sweeper'])('%s shows it in lists', async who => {
      const conversationId = newId();
      await killAt({ conversationId, ...alone }, isUpdateOfConversation);
      expect(await raw.collection('messages').find().toArray()).toMatchObject([{ openIn: conversationId }]);
      const { client } = await start(
        who === 'a retry' ? {} : { SWEEP_INTERVAL_MS: '20', SWEEP_AFTER_MS: '0' },
      );
      if (who === 'a retry') await client.call('appendTurn', { conversationId, ...alone });
      const halves = { role: 'user', openIn: conversationId };
      await waitFor(async () => (await raw.collection('messages').countDocuments(halves)) === 0, {
        what: 'the whole turn',
      });
      await expectWholeTurn(conversationId);
      const { conversation } = await client.call('getConversation', { conversationId });
      expect(conversation).toMatchObject(shown);
      const { messages } = await client.call('listMessages', { conversationId });
      expect(conversation.updatedAt).toBe(messages[0]?.createdAt);
    });

    test('and was edited since is no news any more', async () => {
      const conversationId = newId();
      await killAt({ conversationId, ...alone }, isUpdateOfConversation);
      const { client } = await start({});
      const replaces = messageIdOf(conversationId, turn.clientMessageId);
      const edit = { clientMessageId: 'k2', content: 'Why not?', replaces } as const;
      await client.call('appendTurn', { conversationId, ...alone, ...edit });
      await client.call('appendTurn', { conversationId, ...alone });
      const { conversation } = await client.call('getConversation', { conversationId });
      expect(conversation).toMatchObject({ lastMessage: 'Why not?' });
    });

    test('and that a person will answer is not stored before it is shown', async () => {
      const conversationId = newId();
      const { client } = await start({});
      await client.call('createConversation', { conversationId });
      await client.call('updateConversation', { conversationId, mode: 'human' });
      for (const isLastWrite of [isUpdateOfConversation, isInsertOfMessage]) {
        await killAt({ conversationId, ...alone }, isLastWrite);
        expect(await raw.collection('messages').find().toArray()).toEqual([]);
      }
      expect(await client.call('appendTurn', { conversationId, ...alone })).toMatchObject({ created: true });
      const { conversation } = await client.call('getConversation', { conversationId });
      expect(conversation).toMatchObject(shown);
    });
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
