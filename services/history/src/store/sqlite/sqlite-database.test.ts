import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { SqliteDatabase, isSqliteFailure } from './sqlite-database.ts';

const NOTE = 'x'.repeat(2_000);

/** A file with one table of notes. */
async function openNotes(): Promise<{
  db: SqliteDatabase;
  add: (id: number) => Promise<number>;
  ids: () => number[];
}> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-sqlite-'));
  const db = new SqliteDatabase(join(folder, 'notes.db'));
  onTestFinished(async () => {
    db.close();
    await rm(folder, { recursive: true });
  });
  db.open();
  db.statement('CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT').run();
  return {
    db,
    add: id =>
      db.write(() => {
        db.statement('INSERT INTO notes VALUES (?, ?)').run(id, NOTE);
        return id;
      }),
    ids: () =>
      db
        .statement('SELECT id FROM notes ORDER BY id')
        .all()
        .map(row => Number(row.id)),
  };
}

test('a write that fails does not take those along that share its transaction', async () => {
  const { add, ids } = await openNotes();
  const settled = await Promise.allSettled([add(1), add(1), add(2)]);
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(ids()).toEqual([1, 2]);
});

test('a full disk: what is acknowledged is kept, the rest is refused, and with room it goes on', async () => {
  const { db, add, ids } = await openNotes();
  const limit = (pages: number): unknown => db.statement(`PRAGMA max_page_count = ${pages}`).get();
  limit(100);
  const acknowledged: number[] = [];
  const errors: unknown[] = [];
  for (let id = 1; errors.length === 0; id += 7) {
    const group = await Promise.allSettled(Array.from({ length: 7 }, (_, index) => add(id + index)));
    for (const result of group) {
      if (result.status === 'fulfilled') acknowledged.push(result.value);
      else errors.push(result.reason);
    }
  }
  expect(acknowledged.length).toBeGreaterThan(0);
  for (const error of errors) expect(isSqliteFailure(error)).toBe(true);
  expect(ids()).toEqual(acknowledged);
  expect(db.statement('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });

  limit(1_000);
  await add(1_000_000);
  expect(ids()).toEqual([...acknowledged, 1_000_000]);
});
