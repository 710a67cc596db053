import { Error as MongooseError, mongo, Mongoose, type Connection } from 'mongoose';

const DATABASE = 'parley';
const SERVER_SELECTION_TIMEOUT_MS = 5_000;
/** Also what a heartbeat of the driver may take: connections to a server that misses one count as dead. */
const CONNECT_TIMEOUT_MS = 5_000;
const WRITE_TIMEOUT_MS = 5_000;
/** A server that hangs without closing its connections. */
const SOCKET_TIMEOUT_MS = 30_000;
const POOL_WAIT_MS = 5_000;
/** A ping that is stuck on a dead connection must not hide that the others are alive. */
const PING_TIMEOUT_MS = 5_000;

const DUPLICATE_KEY = 11_000;

/** A connection, not yet open, of a mongoose of its own: no setting is shared with anybody else in the process. */
export function newConnection(): Connection {
  const mongoose = new Mongoose({
    autoCreate: false,
    autoIndex: false,
    bufferCommands: false,
    sanitizeFilter: true,
    strictQuery: 'throw',
  });
  return mongoose.createConnection();
}

/** @param uri `mongodb://…` or `mongodb+srv://…`; without a database's name it is `parley`. */
export async function openConnection(connection: Connection, uri: string): Promise<void> {
  await connection.openUri(uri, {
    ...(!namesDatabase(uri) && { dbName: DATABASE }),
    writeConcern: { w: 'majority', journal: true, wtimeoutMS: WRITE_TIMEOUT_MS },
    serverSelectionTimeoutMS: SERVER_SELECTION_TIMEOUT_MS,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    socketTimeoutMS: SOCKET_TIMEOUT_MS,
    waitQueueTimeoutMS: POOL_WAIT_MS,
  });
}

/** Resolves if the server answers. */
export async function pingServer(connection: Connection): Promise<void> {
  await connection.db?.command({ ping: 1 }, { signal: AbortSignal.timeout(PING_TIMEOUT_MS) });
}

/** True for the error of a write whose unique key is taken. */
export function isDuplicate(error: unknown): boolean {
  return error instanceof mongo.MongoServerError && error.code === DUPLICATE_KEY;
}

/** True for what the server or the way to it is to blame for. */
export function isMongoFailure(error: unknown): boolean {
  return (
    error instanceof mongo.MongoError ||
    error instanceof MongooseError.MongooseServerSelectionError ||
    (error instanceof DOMException && error.name === 'TimeoutError') ||
    isSocketError(error)
  );
}

/** The driver passes on what its socket says while a message is written: ECONNRESET, EPIPE. */
function isSocketError(error: unknown): boolean {
  const code: unknown = error instanceof Error && 'code' in error && error.code;
  return typeof code === 'string' && /^E(?!RR_)/.test(code);
}

function namesDatabase(uri: string): boolean {
  return /^[^:]+:\/\/[^/]+\/[^?]/.test(uri);
}
