import type { Clock, ConversationStore } from './conversation-store.ts';
import { guardStore } from './guard-store.ts';
import { isMongoFailure } from './mongo/mongo-connection.ts';
import { MongoStore } from './mongo/mongo-store.ts';
import { isSqliteFailure } from './sqlite/sqlite-database.ts';
import { SqliteStore } from './sqlite/sqlite-store.ts';

/** What a DATABASE_URL may look like. */
export const DATABASE_URL = /^(?:mongodb(?:\+srv)?:\/\/.+|sqlite:.+|memory:)$/;

export interface StoreOptions {
  /** `mongodb://…`, `mongodb+srv://…`, `sqlite:<path>` (relative to the working directory) or `memory:`. */
  readonly url: string;
  readonly clock: Clock;
  /** Called with every error of the database. */
  readonly onFailure: (error: unknown) => void;
}

/** The store that a database's URL asks for; not yet started. */
export function openStore({ url, clock, onFailure }: StoreOptions): ConversationStore {
  if (url.startsWith('mongodb'))
    return guardStore(new MongoStore(url, clock), { isFailure: isMongoFailure, onFailure });
  const path = url === 'memory:' ? ':memory:' : url.slice('sqlite:'.length);
  return guardStore(new SqliteStore(path, clock), { isFailure: isSqliteFailure, onFailure });
}
