import { Redis } from 'ioredis';
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

const byRole = {
  commands: { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: COMMAND_TIMEOUT_MS },
  jobs: { maxRetriesPerRequest: null },
  subscriber: { enableOfflineQueue: false, autoResubscribe: false, commandTimeout: COMMAND_TIMEOUT_MS },
  adapter: { maxRetriesPerRequest: null },
} as const satisfies Record<RedisRole, unknown>;

/**
 * Opens a connection; it reconnects by itself until it is closed. Outages are logged once, not once a try.
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
  return redis;
}

/** Closes a connection, politely if it is up. */
export async function closeRedis(redis: Redis): Promise<void> {
  if (redis.status === 'end') return;
  if (redis.status !== 'ready') {
    redis.disconnect();
    return;
  }
  await redis.quit().catch(() => redis.disconnect());
}
