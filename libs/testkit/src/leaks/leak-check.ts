import { Redis } from 'ioredis';
import { waitFor } from '../servers/wait-for.ts';
import { KEPT_KEYS } from './kept-keys.ts';
import { queuedJobs } from './queued-jobs.ts';

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
const NOTHING: Census = { connections: new Map(), channels: new Set(), keys: new Set() };

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
    const redis = open(redisUrl);
    try {
      return new LeakCheck(redis, await takeCensus(redis));
    } catch (error) {
      redis.disconnect();
      throw error;
    }
  }

  /** For a Redis that began empty. */
  static sinceEmpty(redisUrl: string): LeakCheck {
    return new LeakCheck(open(redisUrl), NOTHING);
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
   * Waits until nothing is left but jobs that wait in their queue, and what `KEPT_KEYS` names.
   *
   * @throws Error naming the leftovers at the deadline.
   */
  async expectNone({ deadlineMs = 5_000 }: { deadlineMs?: number } = {}): Promise<void> {
    let left: Leftovers | undefined;
    const nothingLeft = async (): Promise<boolean> => {
      const { connections, channels, keys } = await this.leftovers();
      left = { connections, channels, keys: await this.#leaked(keys) };
      return Object.keys(connections).length + channels.length + left.keys.length === 0;
    };
    try {
      await waitFor(nothingLeft, { deadlineMs, what: 'Redis to be as it was before' });
    } catch (error) {
      throw new Error(`left in Redis: ${JSON.stringify(left)}`, { cause: error });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#redis.disconnect();
    await Promise.resolve();
  }

  /** Without those that are kept by design. */
  async #leaked(keys: readonly string[]): Promise<string[]> {
    const jobs = await queuedJobs(this.#redis);
    const verdicts = keys.map(async key => {
      if (jobs.has(key)) return [];
      const kept = KEPT_KEYS.find(({ name }) => name.test(key));
      if (kept?.expire !== true) return kept ? [] : [key];
      return (await this.#redis.pttl(key)) === -1 ? [`${key} (never expires)`] : [];
    });
    return (await Promise.all(verdicts)).flat();
  }
}

function open(redisUrl: string): Redis {
  return new Redis(redisUrl, { connectionName: OWN_NAME });
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
