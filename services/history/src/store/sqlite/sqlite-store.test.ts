import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ManagedProcess } from '@parley/testkit';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Clock, ConversationStore } from '../conversation-store.ts';
import { openStore } from '../open-store.ts';
import { storeSuite } from '../store-suite.ts';
import { MIGRATIONS } from './sqlite-migrations.ts';

const APPENDER = join(import.meta.dirname, '../../../test/append-until-killed.ts');
const ACKNOWLEDGED_BEFORE_KILL = 300;

const tempFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'parley-sqlite-'));

async function startStore(path: string, clock: Clock = () => new Date()): Promise<ConversationStore> {
  const store = openStore({ url: `sqlite:${path}`, clock, onFailure: () => undefined });
  await store.start();
  return store;
}

/** Where a test may have its database. */
async function newPath(): Promise<string> {
  const folder = await tempFolder();
  onTestFinished(() => rm(folder, { recursive: true }));
  return join(folder, 'parley.db');
}

let suiteFolder: string | undefined;

// Every commit waits for the disk.
vi.setConfig({ testTimeout: 30_000 });

storeSuite({
  open: async clock => {
    suiteFolder ??= await tempFolder();
    return startStore(join(suiteFolder, 'data/parley.db'), clock);
  },
  keepsData: true,
  remove: async () => {
    if (suiteFolder !== undefined) await rm(suiteFolder, { recursive: true });
    suiteFolder = undefined;
  },
});

test('a process killed in the middle of its writes leaves an intact file with every acknowledged turn', async () => {
  const path = await newPath();
  const acknowledged = new Set<string>();
  const enough = Promise.withResolvers<undefined>();
  const child = new ManagedProcess({
    name: 'appender',
    command: process.execPath,
    args: [APPENDER, path],
    onLine: key => {
      if (acknowledged.add(key).size >= ACKNOWLEDGED_BEFORE_KILL) enough.resolve(undefined);
    },
  });
  await Promise.race([enough.promise, child.exited]);
  expect(await child.kill()).toEqual({ code: null, signal: 'SIGKILL' });
  expect(acknowledged.size).toBeGreaterThanOrEqual(ACKNOWLEDGED_BEFORE_KILL);

  const store = await startStore(path);
  onTestFinished(() => store.close());
  const stored = new Set<string | undefined>();
  for (let lane = 0; lane < 10; lane += 1) {
    const messages = await store.listMessages({ conversationId: `c${lane}`, limit: 100_000 });
    for (const [index, { role, id, clientMessageId }] of messages.entries()) {
      if (role === 'user') expect(messages[index + 1]?.replyTo).toBe(id);
      stored.add(clientMessageId);
    }
  }
  expect([...acknowledged].filter(key => !stored.has(key))).toEqual([]);
  const db = new DatabaseSync(path);
  onTestFinished(() => db.close());
  expect(db.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
});

test('a damaged file is refused with what to do about it', async () => {
  const path = await newPath();
  const store = await startStore(path);
  const turns = Array.from({ length: 100 }, (_, n) =>
    store.appendTurn({ conversationId: `c${n}`, clientMessageId: 'k', content: 'x'.repeat(500) }),
  );
  await Promise.all(turns);
  await store.close();
  const file = await open(path, 'r+');
  await file.write(Buffer.alloc(8_192, 0x5a), 0, 8_192, 4_096);
  await file.close();
  await expect(startStore(path)).rejects.toThrow(/is damaged: put a backup in its place/);
});

test('a file that is no database is refused', async () => {
  const path = await newPath();
  await writeFile(path, 'Dear diary, '.repeat(1000));
  await expect(startStore(path)).rejects.toThrow(/is damaged/);
});

test('a file of a newer version is refused', async () => {
  const path = await newPath();
  const db = new DatabaseSync(path);
  db.exec('PRAGMA user_version = 99');
  db.close();
  await expect(startStore(path)).rejects.toThrow(/newer version of Parley/);
});

test('a file of the first version is brought up to date, with everything in it', async () => {
  const path = await newPath();
  const db = new DatabaseSync(path);
  db.exec(`${MIGRATIONS[0] ?? ''}; PRAGMA user_version = 1;
    INSERT INTO conversations VALUES ('c', 'Why?', 'ai', NULL, NULL, NULL, 'Why?', '2026', '2026', 2);
    INSERT INTO messages VALUES ('a_1', 'c', 2, 'assistant', '', 'streaming', '2026', '2026', NULL, 'm_1', 1, 1, NULL, 'c');`);
  db.close();
  const store = await startStore(path);
  onTestFinished(() => store.close());
  const answer = { conversationId: 'c', answerId: 'a_1' };
  expect(await store.requestEnd(answer, 'stopped')).toEqual({ outcome: 'wished', epoch: 1, as: 'stopped' });
  expect(await store.claimAnswer({ ...answer, claimId: 'x', maxRuns: 2, contextMessages: 1 })).toEqual({
    claim: { outcome: 'exhausted', epoch: 2, endAs: 'stopped' },
  });
});

test('while somebody else holds the file, a write is refused as worth another try', async () => {
  const path = await newPath();
  const store = await startStore(path);
  onTestFinished(() => store.close());
  const other = new DatabaseSync(path);
  onTestFinished(() => other.close());
  other.exec('BEGIN IMMEDIATE');
  const turn = { conversationId: 'c', clientMessageId: 'k', content: 'x' };
  await expect(store.appendTurn(turn)).rejects.toMatchObject({
    code: 'HISTORY_UNAVAILABLE',
    retryAfterMs: 1000,
  });
  other.exec('ROLLBACK');
  expect(await store.appendTurn(turn)).toMatchObject({ created: true });
});

test('a write that fails takes none of those committed with it along', async () => {
  const store = await startStore(await newPath());
  onTestFinished(() => store.close());
  const [good, bad, alsoGood] = await Promise.allSettled([
    store.appendTurn({ conversationId: 'c', clientMessageId: 'k1', content: 'one' }),
    store.appendTurn({ conversationId: 'c', clientMessageId: 'k2', content: '\uD83D' }),
    store.appendTurn({ conversationId: 'c', clientMessageId: 'k3', content: 'three' }),
  ]);
  expect([good.status, bad.status, alsoGood.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  const stored = await store.listMessages({ conversationId: 'c', limit: 10 });
  expect(stored.map(message => message.content)).toEqual(['one', '', 'three', '']);
  expect(await store.getConversation('c')).toMatchObject({ title: 'one', lastMessage: 'three' });
});

test('a closed store is unavailable, not broken', async () => {
  const store = await startStore(await newPath());
  await store.close();
  await expect(store.ping()).rejects.toMatchObject({ code: 'HISTORY_UNAVAILABLE' });
  await expect(
    store.appendTurn({ conversationId: 'c', clientMessageId: 'k', content: 'x' }),
  ).rejects.toMatchObject({ code: 'HISTORY_UNAVAILABLE' });
});
