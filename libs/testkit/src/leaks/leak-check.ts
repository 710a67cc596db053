import { Redis } from 'ioredis';
import { waitFor } from '../servers/wait-for.ts';

/** What a Redis has more than it had. */
export interface Leftovers {
  /** Connection name -> how many more of it there are. */
  readonly connections: Readonly<Record<string, number>>;
  /** Channels with subscribers that had none. */
  readonly channels: readonly string[];
  readonly keys: readonly string[];
}

interface Census {
  readonly connections: ReadonlyMap<string, number>;
  readonly channels: ReadonlySet<string>;
  readonly keys: ReadonlySet<string>;
}

const OWN_NAME = 'parley-leak-check';

/**
 * Counts the connections, channels and keys of a Redis that the test has for itself, and tells later what has been added.
 *
 * @example await using check = await LeakCheck.start(cluster.redis.url);
 */
export class LeakCheck implements AsyncDisposable {
  readonly #redis: Redis;
  readonly #before: Census;

  private constructor(redis: Redis, before: Census) {
    this.#redis = redis;
    this.#before = before;
  }

  static async start(redisUrl: string): Promise<LeakCheck> {
    const redis = new Redis(redisUrl, { connectionName: OWN_NAME });
    try {
      return new LeakCheck(redis, await takeCensus(redis));
    } catch (error) {
      redis.disconnect();
      throw error;
    }
  }

  /** What there is now and was not at the start. */
  async leftovers(): Promise<Leftovers> {
    const now = await takeCensus(this.#redis);
    const grown = [...now.connections]
      .map(([name, count]) => [name, count - (this.#before.connections.get(name) ?? 0)] as const)
      .filter(([, count]) => count > 0);
    return {
      connections: Object.fromEntries(grown),
      channels: added(this.#before.channels, now.channels),
      keys: added(this.#before.keys, now.keys),
    };
  }

  /**
   * Waits until nothing is left.
   *
   * @param ignore keys that may stay, e.g. those that expire later.
   * @throws Error naming the leftovers at the deadline.
   */
  async expectNone({
    deadlineMs = 5_000,
    ignore = [],
  }: { deadlineMs?: number; ignore?: readonly RegExp[] } = {}): Promise<void> {
    const nothingLeft = async (): Promise<true> => {
      const { connections, channels, keys } = await this.leftovers();
      const left = {
        connections,
        channels,
        keys: keys.filter(key => !ignore.some(pattern => pattern.test(key))),
      };
      if (Object.keys(connections).length + channels.length + left.keys.length === 0) return true;
      throw new Error(`left in Redis: ${JSON.stringify(left)}`);
    };
    await waitFor(nothingLeft, { deadlineMs, what: 'Redis to be as it was before' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#redis.disconnect();
    await Promise.resolve();
  }
}

async function takeCensus(redis: Redis): Promise<Census> {
  const [clients, channels, keys] = await Promise.all([
    redis.client('LIST') as Promise<string>,
    redis.pubsub('CHANNELS') as Promise<string[]>,
    allKeys(redis),
  ]);
  return { connections: countNames(clients), channels: new Set(channels), keys };
}

function countNames(clients: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [, name = ''] of clients.matchAll(/ name=(\S*)/g)) {
    if (name !== OWN_NAME) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

function added(before: ReadonlySet<string>, now: ReadonlySet<string>): string[] {
  return [...now].filter(item => !before.has(item)).sort();
}

async function allKeys(redis: Redis): Promise<Set<string>> {
  const keys = new Set<string>();
  for await (const page of redis.scanStream({ count: 1_000 }) as AsyncIterable<string[]>)
    for (const key of page) keys.add(key);
  return keys;
}
