import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../processes/free-port.ts';
import type { ManagedProcess } from '../processes/managed-process.ts';
import { startRedisProcess } from './redis-process.ts';

export interface OwnedRedisOptions {
  /** Keeps the data over a `restart()`. Default false. */
  readonly appendOnly?: boolean;
  /** As in redis.conf, e.g. `64mb`. Default: no limit. */
  readonly maxMemory?: string;
}

/** What a restarted Redis has: all of it as far as `appendOnly` goes, what `remember` has copied, or nothing. */
export type KeptData = 'all' | 'remembered' | 'none';

const DATA = 'appendonlydir';
const COPY = 'remembered';

/**
 * A Redis process that belongs to one test, which may pause, kill, empty and restart it.
 *
 * @example await using redis = await OwnedRedis.start();
 */
export class OwnedRedis implements AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly #dir: string;
  readonly #options: OwnedRedisOptions;
  #process: ManagedProcess;

  private constructor(port: number, dir: string, options: OwnedRedisOptions, process: ManagedProcess) {
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
    this.#dir = dir;
    this.#options = options;
    this.#process = process;
  }

  /** @throws Error with the install hint if neither redis-server nor valkey-server is on the PATH. */
  static async start(options: OwnedRedisOptions = {}): Promise<OwnedRedis> {
    const port = await freePort();
    const dir = await mkdtemp(join(tmpdir(), 'parley-redis-'));
    try {
      return new OwnedRedis(port, dir, options, await launch(port, dir, options));
    } catch (error) {
      await rm(dir, { recursive: true, force: true });
      throw error;
    }
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** SIGSTOP: connections stay open and nothing answers. */
  pause(): void {
    this.#process.signal('SIGSTOP');
  }

  /** SIGCONT. */
  resume(): void {
    this.#process.signal('SIGCONT');
  }

  /** SIGKILL: connections are reset. */
  async kill(): Promise<void> {
    await this.#process.kill();
  }

  /** Copies what is on its disk just now; needs `appendOnly`. */
  async remember(): Promise<void> {
    await this.#replace(COPY, DATA);
  }

  /** Starts it again on the same port, after a SIGKILL if it still runs. */
  async restart(kept: KeptData = 'all'): Promise<void> {
    await this.kill();
    if (kept === 'none') await rm(join(this.#dir, DATA), { recursive: true, force: true });
    if (kept === 'remembered') await this.#replace(DATA, COPY);
    this.#process = await launch(this.port, this.#dir, this.#options);
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#dir, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #replace(target: string, source: string): Promise<void> {
    await rm(join(this.#dir, target), { recursive: true, force: true });
    await cp(join(this.#dir, source), join(this.#dir, target), { recursive: true });
  }
}

async function launch(
  port: number,
  dir: string,
  { appendOnly = false, maxMemory }: OwnedRedisOptions,
): Promise<ManagedProcess> {
  return startRedisProcess({ port, dir, appendOnly, maxMemory });
}
