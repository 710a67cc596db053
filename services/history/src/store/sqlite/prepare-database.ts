import type { DatabaseSync } from 'node:sqlite';
import { MIGRATIONS } from './sqlite-migrations.ts';

/** The database file cannot be used. The message says what to do. */
class DatabaseFileError extends Error {
  override readonly name = 'DatabaseFileError';
}

/**
 * Makes an opened database fit for use: durable commits, intact pages, the newest schema.
 *
 * @param path what messages call it.
 * @throws DatabaseFileError if the file is damaged, or newer than this program.
 */
export function prepareDatabase(db: DatabaseSync, path: string): void {
  try {
    // FULL: a commit that has been acknowledged also survives a power cut.
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
    checkIntegrity(db, path);
    migrate(db, path);
  } catch (error) {
    throw isDamage(error) ? damaged(path, error) : error;
  }
}

function checkIntegrity(db: DatabaseSync, path: string): void {
  const problems = db
    .prepare('PRAGMA quick_check(5)')
    .all()
    .map(row => String(row.quick_check));
  if (problems.join() !== 'ok') throw damaged(path, new Error(problems.join('; ')));
}

function migrate(db: DatabaseSync, path: string): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    const version = Number(db.prepare('PRAGMA user_version').get()?.user_version);
    if (version > MIGRATIONS.length)
      throw new DatabaseFileError(`${path} was written by a newer version of Parley; start that one`);
    for (const migration of MIGRATIONS.slice(version)) db.exec(migration);
    db.exec(`PRAGMA user_version = ${MIGRATIONS.length}; COMMIT`);
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
}

/** SQLITE_CORRUPT and SQLITE_NOTADB. */
function isDamage(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && (error.errcode === 11 || error.errcode === 26);
}

function damaged(path: string, cause: unknown): DatabaseFileError {
  return new DatabaseFileError(
    `${path} is damaged: put a backup in its place, or move it away (with its -wal and -shm files) to start empty`,
    { cause },
  );
}
