import { once } from 'node:events';
import { closeRedis, connectRedis, type Log, type ReleaseStack } from '@parley/platform';
import type { Redis } from 'ioredis';

const CONNECT_TIMEOUT_MS = 30_000;

/** The gateway's connections, one per way of using Redis. */
export interface RedisConnections {
  /** Commands that a request waits for: logs, presence, limits, queueing. */
  readonly commands: Redis;
  /** Conversations' channels. */
  readonly feed: Redis;
  /** The Socket.IO adapter's. */
  readonly adapterPublisher: Redis;
  readonly adapterSubscriber: Redis;
}

/** Resolves when all are up: a gateway without Redis could only refuse. */
export async function openRedisConnections(
  url: string,
  log: Log,
  releases: ReleaseStack,
): Promise<RedisConnections> {
  const connections: RedisConnections = {
    commands: connectRedis(url, 'commands', log),
    feed: connectRedis(url, 'subscriber', log),
    adapterPublisher: connectRedis(url, 'commands', log),
    adapterSubscriber: connectRedis(url, 'adapter', log),
  };
  for (const [name, redis] of Object.entries(connections) as [string, Redis][]) {
    releases.push(`redis ${name}`, () => closeRedis(redis));
    if (redis.status !== 'ready')
      await once(redis, 'ready', { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) });
  }
  return connections;
}
