import { randomUUID } from 'node:crypto';
import { freePort } from '@parley/testkit';
import { createConnection, type Connection } from 'mongoose';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import type { ConversationStore } from '../conversation-store.ts';
import { openStore } from '../open-store.ts';
import { storeSuite } from '../store-suite.ts';

const server = inject('mongoUri');

const newDatabase = (): string => `parley_${randomUUID().replaceAll('-', '')}`;

async function openRaw(database: string): Promise<Connection> {
  return createConnection(server ?? '', { dbName: database }).asPromise();
}

async function drop(database: string): Promise<void> {
  const raw = await openRaw(database);
  await raw.dropDatabase();
  await raw.close();
}

async function startStore(database: string, clock = () => new Date()): Promise<ConversationStore> {
  const url = Object.assign(new URL(server ?? ''), { pathname: `/${database}` }).href;
  const store = openStore({ url, clock, onFailure: () => undefined });
  await store.start();
  return store;
}

describe.skipIf(server === null)('MongoDB', () => {
  let suiteDatabase: string | undefined;

  storeSuite({
    open: clock => startStore((suiteDatabase ??= newDatabase()), clock),
    keepsData: true,
    remove: async () => {
      if (suiteDatabase !== undefined) await drop(suiteDatabase);
      suiteDatabase = undefined;
    },
  });

  async function startOwn(): Promise<{ store: ConversationStore; raw: Connection }> {
    const database = newDatabase();
    const raw = await openRaw(database);
    const store = await startStore(database);
    onTestFinished(async () => {
      await store.close();
      await raw.dropDatabase();
      await raw.close();
    });
    return { store, raw };
  }

  test('the indexes are there once the store has started', async () => {
    const { raw } = await startOwn();
    const keys = async (collection: string): Promise<string[]> =>
      (await raw.collection(collection).indexes()).map(index => Object.keys(index.key as object).join());
    expect((await keys('conversations')).sort()).toEqual(['_id', 'updatedAt,_id', 'visitorId,updatedAt,_id']);
    expect((await keys('messages')).sort()).toEqual(['_id', 'conversationId,seq', 'openIn', 'soleIn']);
  });

  test('only what is unfinished is in the index of open records', async () => {
    const { store, raw } = await startOwn();
    const { answer } = await store.appendTurn({ conversationId: 'c', clientMessageId: 'k', content: 'Why?' });
    const open = async (): Promise<string[]> =>
      (await raw.collection('messages').find({ openIn: 'c' }).toArray()).map(({ _id }) => String(_id));
    expect(await open()).toEqual([answer?.id]);
    const ref = { conversationId: 'c', answerId: answer?.id ?? '' };
    await store.claimAnswer({ ...ref, claimId: 'x', maxRuns: 1, contextMessages: 1 });
    await store.finishAnswer({ ...ref, epoch: 1, status: 'complete', text: 'So.' });
    expect(await open()).toEqual([]);
  });

  test('a place taken by a message of an older backup is left to it', async () => {
    const { store, raw } = await startOwn();
    const said = (n: number) => ({ conversationId: 'c', clientMessageId: `k${n}`, content: `text ${n}` });
    for (let n = 1; n <= 3; n += 1) await store.appendTurn(said(n));
    await raw.collection('conversations').updateOne({}, { $set: { nextSeq: 1 } });
    const { message, answer } = await store.appendTurn(said(4));
    const messages = await store.listMessages({ conversationId: 'c', limit: 10 });
    expect(messages).toHaveLength(8);
    expect(messages.slice(6)).toEqual([message, answer]);
  });

  test('what an interrupted deletion left behind is removed by the claim that meets it', async () => {
    const { store, raw } = await startOwn();
    const { answer } = await store.appendTurn({ conversationId: 'c', clientMessageId: 'k', content: 'Why?' });
    await raw.collection('conversations').deleteMany({});
    const ref = { conversationId: 'c', answerId: answer?.id ?? '' };
    expect(await store.claimAnswer({ ...ref, claimId: 'x', maxRuns: 1, contextMessages: 1 })).toBeUndefined();
    expect(await raw.collection('messages').countDocuments()).toBe(0);
  });

  test('fields that a newer version has written are passed on', async () => {
    const { store, raw } = await startOwn();
    const { message } = await store.appendTurn({
      conversationId: 'c',
      clientMessageId: 'k',
      content: 'Why?',
    });
    await raw.collection('messages').updateOne({ seq: message.seq }, { $set: { mood: 'curious' } });
    expect(await store.getMessage('c', message.id)).toEqual({ ...message, mood: 'curious' });
  });
});

test('a server that cannot be reached is unavailable, not broken', async () => {
  const url = `mongodb://127.0.0.1:${await freePort()}/parley`;
  const store = openStore({ url, clock: () => new Date(), onFailure: () => undefined });
  onTestFinished(() => store.close());
  await expect(store.start()).rejects.toMatchObject({ code: 'HISTORY_UNAVAILABLE', retryAfterMs: 1000 });
});
