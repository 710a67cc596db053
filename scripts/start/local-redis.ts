import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  findOnPath,
  findRedisProgram,
  freePort,
  ManagedProcess,
  pingRedis,
  REDIS_HINT,
  startRedisProcess,
} from '@parley/testkit';
import { installRedis } from './install-redis.ts';

const LOCAL = 'redis://127.0.0.1:6379';
const STOP_DEADLINE_MS = 3_000;
/** Long enough to pull the image. */
const CONTAINER_DEADLINE_MS = 180_000;

/** The Redis that Parley runs on. */
export interface LocalRedis {
  readonly url: string;
  /** Where it came from, as the end of a sentence. */
  readonly origin: string;
  /** Rejects if it ends by itself; only of one that was started here. */
  readonly failed: Promise<never> | undefined;
  /** Stops it if it was started here; its data stays. */
  stop(): Promise<void>;
}

/**
 * `REDIS_URL`, one that runs on this machine, a private one of the program on the PATH, a container, or, after installing
 * it, a private one again.
 *
 * @param dataDir where a private one keeps its data.
 * @throws Error with one sentence that says what to do.
 */
export async function findLocalRedis(env: NodeJS.ProcessEnv, dataDir: string): Promise<LocalRedis> {
  if (env.REDIS_URL) {
    if (await pingRedis(env.REDIS_URL)) return foreign(env.REDIS_URL, 'the one of REDIS_URL');
    throw new Error('No Redis answers at the address in REDIS_URL.');
  }
  if (await pingRedis(LOCAL)) return foreign(LOCAL, 'the one that runs on this machine');
  if (findRedisProgram() !== undefined) return startPrivate(dataDir);
  const container = await startContainer(env.REDIS_IMAGE ?? 'redis:8-alpine');
  if (container) return container;
  if (await installRedis(env)) return startPrivate(dataDir);
  throw new Error(REDIS_HINT);
}

function foreign(url: string, origin: string): LocalRedis {
  return { url, origin, failed: undefined, stop: () => Promise.resolve() };
}

async function startPrivate(dataDir: string): Promise<LocalRedis> {
  const dir = join(dataDir, 'redis');
  await mkdir(dir, { recursive: true });
  const port = await freePort();
  const started = await startRedisProcess({ port, dir, appendOnly: true });
  return owned(started, port, 'a private one');
}

/** The container lives as long as the command, which hands its signals on to it. */
async function startContainer(image: string): Promise<LocalRedis | undefined> {
  const docker = findOnPath(['docker']);
  if (docker === undefined) return undefined;
  console.log(`Starting Redis in a container of ${image} ...`);
  const port = await freePort();
  const run = ['run', '--rm', '--publish', `127.0.0.1:${port}:6379`, '--volume', 'parley-redis:/data', image];
  const redis = ['redis-server', '--dir', '/data', '--appendonly', 'yes', '--maxmemory-policy', 'noeviction'];
  const reachable = ['--bind', '0.0.0.0', '--protected-mode', 'no'];
  const container = new ManagedProcess({
    name: `the container of ${image}`,
    command: docker,
    args: [...run, ...redis, ...reachable],
  });
  try {
    const isReady = (line: string): true | undefined =>
      line.includes('Ready to accept connections') || undefined;
    await container.firstLine(isReady, CONTAINER_DEADLINE_MS);
    return owned(container, port, `a container of ${image} with the volume parley-redis`);
  } catch {
    await container.terminate(STOP_DEADLINE_MS);
    return undefined;
  }
}

function owned(redis: ManagedProcess, port: number, origin: string): LocalRedis {
  let isStopping = false;
  const failed = redis.exited.then(() => {
    if (isStopping) return new Promise<never>(() => undefined);
    throw redis.failure('ended unexpectedly');
  });
  // Whoever waits for it gets it; nobody does while Parley is still starting.
  failed.catch(() => undefined);
  return {
    url: `redis://127.0.0.1:${port}`,
    origin,
    failed,
    stop: async () => {
      isStopping = true;
      await redis.terminate(STOP_DEADLINE_MS);
    },
  };
}
