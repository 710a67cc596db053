import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { prepareDatabase } from './prepare-database.ts';

/** How long a write waits for another process's transaction; the event loop waits with it. */
const BUSY_TIMEOUT_MS = 2_000;

/** True for what the disk, a lock or a closed file is to blame for. */
export function isSqliteFailure(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    (error.code === 'ERR_SQLITE_ERROR' || error.code === 'ERR_INVALID_STATE')
  );
}

interface Write {
  readonly run: () => () => void;
  readonly fail: (error: unknown) => void;
}

/**
 * One SQLite file and its only writer. Writes that arrive in one turn of the event loop are committed together: the disk's
 * flush, a third of a millisecond and more, is paid once for all of them.
 */
export class SqliteDatabase {
  readonly #path: string;
  readonly #statements = new Map<string, StatementSync>();
  readonly #db: DatabaseSync;
  #waiting: Write[] = [];

  /** @param path of the file, or `:memory:`. */
  constructor(path: string) {
    this.#path = path;
    this.#db = new DatabaseSync(path, { open: false, timeout: BUSY_TIMEOUT_MS });
  }

  /** Creates the file and its folder if they are missing. @throws DatabaseFileError */
  open(): void {
    if (this.#path !== ':memory:') mkdirSync(dirname(this.#path), { recursive: true });
    this.#db.open();
    prepareDatabase(this.#db, this.#path);
  }

  /** Commits what waits, and closes the file. */
  close(): void {
    if (!this.#db.isOpen) return;
    this.#commit();
    this.#statements.clear();
    this.#db.close();
  }

  /** The statement with this text, prepared once. */
  statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#db.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  /** Runs a write; resolves once it is durable. A write that throws leaves nothing behind. */
  async write<T>(write: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const run = (): (() => void) => {
        const result = write();
        return () => resolve(result);
      };
      if (this.#waiting.push({ run, fail: reject }) === 1) setImmediate(() => this.#commit());
    });
  }

  #commit(): void {
    const writes = this.#waiting;
    this.#waiting = [];
    if (writes.length === 0) return;
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      const done = writes.map(write => this.#runAlone(write));
      this.#db.exec('COMMIT');
      for (const tell of done) tell();
    } catch (error) {
      if (this.#db.isOpen && this.#db.isTransaction) this.#db.exec('ROLLBACK');
      for (const write of writes) write.fail(error);
    }
  }

  /** One write that fails must not take the others of its transaction with it. */
  #runAlone(write: Write): () => void {
    this.statement('SAVEPOINT write').run();
    try {
      const tell = write.run();
      this.statement('RELEASE write').run();
      return tell;
    } catch (error) {
      // A full disk ends the whole transaction by itself.
      if (!this.#db.isTransaction) throw error;
      this.#db.exec('ROLLBACK TO write; RELEASE write');
      return () => write.fail(error);
    }
  }
}
