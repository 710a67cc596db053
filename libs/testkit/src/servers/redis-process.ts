import { findOnPath } from '../processes/find-on-path.ts';
import { ManagedProcess } from '../processes/managed-process.ts';

const PROGRAMS = ['redis-server', 'valkey-server'];
const READY_DEADLINE_MS = 20_000;

/** What to tell somebody who has no Redis. */
export const REDIS_HINT =
  'Parley needs Redis. Install it (Debian and Ubuntu: sudo apt-get install redis-server; macOS: brew install redis), ' +
  'or start Docker, or set REDIS_URL to a running one.';

export interface RedisProcessOptions {
  readonly port: number;
  /** Working directory: where its data files go. */
  readonly dir: string;
  /** Writes every command to disk, so that a restart finds the data. */
  readonly appendOnly: boolean;
  /** As in redis.conf, e.g. `64mb`; default: no limit. */
  readonly maxMemory?: string | undefined;
}

/** Path of the Redis or Valkey server on this machine. */
export function findRedisProgram(): string | undefined {
  return findOnPath(PROGRAMS);
}

/**
 * Starts a Redis on loopback that never evicts (an evicted job is a lost one) and waits until it takes connections.
 *
 * @throws Error with the install hint, or with what Redis said.
 */
export async function startRedisProcess(options: RedisProcessOptions): Promise<ManagedProcess> {
  const program = findRedisProgram();
  if (program === undefined) throw new Error(REDIS_HINT);
  const redis = new ManagedProcess({
    name: `redis-server on port ${options.port}`,
    command: program,
    args: settings(options),
  });
  try {
    await redis.firstLine(
      line => line.includes('Ready to accept connections') || undefined,
      READY_DEADLINE_MS,
    );
    return redis;
  } catch (error) {
    await redis.kill();
    throw error;
  }
}

function settings({ port, dir, appendOnly, maxMemory }: RedisProcessOptions): string[] {
  const values = {
    port: String(port),
    bind: '127.0.0.1',
    dir,
    save: '',
    appendonly: appendOnly ? 'yes' : 'no',
    'maxmemory-policy': 'noeviction',
    ...(maxMemory !== undefined && { maxmemory: maxMemory }),
  };
  return Object.entries(values).flatMap(([name, value]) => [`--${name}`, value]);
}
