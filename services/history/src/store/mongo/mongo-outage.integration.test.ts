import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { waitFor } from '@parley/testkit';
import { createConnection } from 'mongoose';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { MongoProxy } from '../../../test/mongo-proxy.ts';
import type { ConversationStore } from '../conversation-store.ts';
import { openStore } from '../open-store.ts';

const server = inject('mongoUri');
/** Far below what the driver waits for an answer by itself. */
const DEADLINE_MS = 15_000;
const UNAVAILABLE = { code: 'HISTORY_UNAVAILABLE', retryAfterMs: 1_000 };

async function startStore(uri: string): Promise<ConversationStore> {
  const dbName = `parley_${randomUUID().replaceAll('-', '')}`;
  const url = Object.assign(new URL(uri), { pathname: `/${dbName}` }).href;
  const store = openStore({ url, clock: () => new Date(), onFailure: () => undefined });
  onTestFinished(async () => {
    await store.close();
    const raw = await createConnection(server ?? '', { dbName }).asPromise();
    await raw.dropDatabase();
    await raw.close();
  });
  await store.start();
  return store;
}

/** A way to the server that breaks when more comes at once than a handshake or a short message has. */
async function startFragileProxy(): Promise<string> {
  const target = new URL(server ?? '');
  const proxy = createServer(client => {
    const mongo = connect(Number(target.port || 27_017), target.hostname);
    mongo.pipe(client);
    client.on('data', piece => (piece.length > 16_384 ? client.resetAndDestroy() : mongo.write(piece)));
    client.on('error', () => undefined);
    client.on('close', () => mongo.destroy());
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void proxy.close());
  return Object.assign(new URL(target), { host: `127.0.0.1:${(proxy.address() as AddressInfo).port}` }).href;
}

describe.skipIf(server === null)('MongoDB behind a network', () => {
  test('that swallows everything: its connections count as dead soon, and new ones are made', async () => {
    let isThere = true;
    const proxy = await MongoProxy.start(server ?? '', () => isThere);
    onTestFinished(() => proxy.stop());
    const store = await startStore(proxy.uri);
    isThere = false;
    // One on the connection that is open, the others on such as cannot be made.
    const pings = await waitFor(() => Promise.allSettled(Array.from({ length: 4 }, () => store.ping())), {
      what: 'the pings to be given up',
      deadlineMs: DEADLINE_MS,
    });
    const reason = expect.objectContaining(UNAVAILABLE) as unknown;
    expect(pings).toEqual(pings.map(() => ({ status: 'rejected', reason })));
    isThere = true;
    const answers = (): Promise<boolean> => store.ping().then(() => true);
    await waitFor(answers, { what: 'the database to be found again', deadlineMs: DEADLINE_MS });
  });

  test('that breaks in the middle of a write: unavailable, as the driver passes on the error of its socket', async () => {
    const store = await startStore(await startFragileProxy());
    const turn = { conversationId: 'c', clientMessageId: 'k' };
    expect(await store.appendTurn({ ...turn, content: 'short' })).toMatchObject({ created: true });
    const long = { ...turn, clientMessageId: 'l', content: 'long '.repeat(2_000_000) };
    await expect(store.appendTurn(long)).rejects.toMatchObject(UNAVAILABLE);
  });
});
