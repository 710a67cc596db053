import { startContainer } from './container.ts';
import { OwnedRedis } from './owned-redis.ts';
import { findRedisProgram, REDIS_HINT } from './redis-process.ts';
import { givenServer, type TestServer } from './test-server.ts';

/**
 * A Redis for tests: `REDIS_URL`, else a container (`REDIS_IMAGE`, default `redis:8-alpine`), else a process of the
 * redis-server or valkey-server on the PATH.
 *
 * @throws Error with the install hint if there is none of them.
 */
export async function findRedis(env: NodeJS.ProcessEnv): Promise<TestServer> {
  const given = env.REDIS_URL;
  if (given) return givenServer(given);
  const image = env.REDIS_IMAGE ?? 'redis:8-alpine';
  const container = await startContainer({ image, port: 6379, protocol: 'redis' });
  if (container) return container;
  if (findRedisProgram() === undefined) throw new Error(REDIS_HINT);
  return OwnedRedis.start();
}
