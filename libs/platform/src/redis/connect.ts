import { Redis, type RedisOptions } from 'ioredis';
import { scoped, type Log } from '../logging/logger.ts';

/**
 * What a connection is for decides what it does while Redis is away.
 *
 * - `commands`: of a request that somebody waits for. Fails at once, so that the client gets a retryable error.
 * - `jobs`: of work that must get done. Waits for Redis however long it takes.
 * - `subscriber`: of a ChannelSubscriber, which subscribes again itself, so that nothing else remembers channels.
 * - `adapter`: of the Socket.IO adapter, which expects that subscriptions come back by themselves.
 */
export type RedisRole = 'commands' | 'jobs' | 'subscriber' | 'adapter';

const COMMAND_TIMEOUT_MS = 2_000;
const RECONNECT_MAX_MS = 1_000;
/** A connection on which an answer is due for so long is dead; TCP would find that out after a quarter of an hour. */
const SILENCE_MS = 10_000;
/** BullMQ opens another one with the same options, on which it waits for a job for up to 10 s. */
const SILENCE_WITH_BLOCKING_MS = 15_000;
const PING_EVERY_MS = 2_000;

const byRole = {
  commands: {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
    socketTimeout: SILENCE_MS,
  },
  jobs: { maxRetriesPerRequest: null, socketTimeout: SILENCE_WITH_BLOCKING_MS },
  subscriber: {
    enableOfflineQueue: false,
    autoResubscribe: false,
    commandTimeout: COMMAND_TIMEOUT_MS,
    socketTimeout: SILENCE_MS,
  },
  adapter: { maxRetriesPerRequest: null, socketTimeout: SILENCE_MS },
} as const satisfies Record<RedisRole, RedisOptions>;

/**
 * Opens a connection; it reconnects by itself until it is closed, also when Redis has gone silent on it. So `ready` as its
 * status means that Redis has answered within the last quarter of a minute. Outages are logged once, not once a try.
 *
 * @param url `redis://` or `rediss://`.
 */
export function connectRedis(url: string, role: RedisRole, log: Log): Redis {
  const redis = new Redis(url, {
    ...byRole[role],
    connectionName: `parley-${role}`,
    // RESP2: push frames of RESP3 buy nothing here, and every server speaks it.
    protocol: 2,
    retryStrategy: attempt =>
      Math.min(50 * 2 ** Math.min(attempt, 5), RECONNECT_MAX_MS) * (0.75 + Math.random() / 2),
  });
  const line = scoped(log, { component: 'Redis', function: role });
  let away = false;
  redis.on('error', (error: Error) => {
    if (!away) line.warn({ err: error }, 'redis is away');
    away = true;
  });
  redis.on('ready', () => {
    if (away) line.info('redis is back');
    away = false;
  });
  keepAsking(redis);
  return redis;
}

/** Without a command under way, silence is nothing to be noticed. */
function keepAsking(redis: Redis): void {
  let timer: NodeJS.Timeout | undefined;
  redis.on('ready', () => {
    timer = setInterval(() => {
      redis.ping().catch(() => undefined);
    }, PING_EVERY_MS);
  });
  redis.on('close', () => clearInterval(timer));
}

/** Closes a connection, politely if it is up. */
export async function closeRedis(redis: Redis): Promise<void> {
  if (redis.status === 'end') return;
  if (redis.status !== 'ready') {
    // One that is just coming back would still subscribe again, and nobody would hear that this failed.
    redis.options.autoResubscribe = false;
    redis.disconnect();
    return;
  }
  await redis.quit().catch(() => redis.disconnect());
}
