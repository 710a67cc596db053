import { randomUUID } from 'node:crypto';
import type { OwnedRedis } from '@parley/testkit';
import { createConnection } from 'mongoose';
import { onTestFinished } from 'vitest';
import { MongoProxy } from './mongo-proxy.ts';
import { startHistory, type RunningHistory } from './running-history.ts';

/** Two histories on one database, of which one is held up at storing what contains a text. */
export interface HeldInsert {
  readonly slow: RunningHistory;
  readonly quick: RunningHistory;
  /** Resolves when the text is about to be stored. */
  readonly held: Promise<undefined>;
  readonly release: () => void;
}

/** Starts the two, with a database of their own, for the test that calls it. */
export async function holdInsertOf(text: string, redis: OwnedRedis, server: string): Promise<HeldInsert> {
  const database = await mongoDatabase(server);
  const held = Promise.withResolvers<undefined>();
  const released = Promise.withResolvers<true>();
  const proxy = await MongoProxy.start(database, message => {
    if (!message.includes('insert\0') || !message.includes(text)) return true;
    held.resolve(undefined);
    return released.promise;
  });
  onTestFinished(() => proxy.stop());
  return {
    slow: await startHistory(redis, { DATABASE_URL: proxy.uri }),
    quick: await startHistory(redis, { DATABASE_URL: database }),
    held: held.promise,
    release: () => released.resolve(true),
  };
}

async function mongoDatabase(server: string): Promise<string> {
  const pathname = `/parley_${randomUUID().replaceAll('-', '')}`;
  const { href } = Object.assign(new URL(server), { pathname });
  const raw = await createConnection(href).asPromise();
  onTestFinished(async () => {
    await raw.dropDatabase();
    await raw.close();
  });
  return href;
}
