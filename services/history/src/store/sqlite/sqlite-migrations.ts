/**
 * The schema, version by version: entry n brings a database from `user_version` n to n + 1. What has been released is never
 * edited.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE conversations (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    mode TEXT NOT NULL,
    visitor_id TEXT,
    user_agent TEXT,
    ip_address TEXT,
    last_message TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    next_seq INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX conversations_newest ON conversations (updated_at, id);
  CREATE INDEX conversations_of_visitor ON conversations (visitor_id, updated_at, id)
    WHERE visitor_id IS NOT NULL;

  CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    role TEXT NOT NULL,
    content TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    client_message_id TEXT,
    reply_to TEXT,
    epoch INTEGER,
    runs INTEGER NOT NULL DEFAULT 0,
    usage TEXT,
    open_in TEXT,
    UNIQUE (conversation_id, seq)
  ) STRICT;
  CREATE INDEX messages_open ON messages (open_in, seq) WHERE open_in IS NOT NULL;
  `,
  'ALTER TABLE messages ADD COLUMN end_as TEXT',
  'ALTER TABLE messages ADD COLUMN claim_id TEXT; ALTER TABLE messages ADD COLUMN claim_outcome TEXT',
];
