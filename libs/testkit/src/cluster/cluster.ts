import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ScriptedProvider } from '../openai/scripted-provider.ts';
import { freePort } from '../processes/free-port.ts';
import { OwnedRedis } from '../servers/owned-redis.ts';
import { clusterEnv, TEST_SECRETS } from './cluster-env.ts';
import { ServiceProcess } from './service-process.ts';

type ServiceName = 'gateway' | 'ai-worker' | 'history';

export interface ClusterOptions {
  /** How many processes of each; default 1. */
  readonly gateways?: number;
  readonly workers?: number;
  readonly histories?: number;
  /** Answers for the model. Default: none, which is demo mode. */
  readonly provider?: Pick<ScriptedProvider, 'baseUrl'>;
  /** `sqlite` (default; a file of its own), `memory`, or a DATABASE_URL. */
  readonly database?: string;
  /** Added to, or instead of, what the services get by default. LOG_LEVEL must let `info` through, as the ready line is one. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: one of its own. A given one is not stopped. */
  readonly redis?: OwnedRedis;
}

/**
 * All of Parley as real processes, with a Redis and a store of its own.
 *
 * @example await using cluster = await Cluster.start({ gateways: 2, provider });
 */
export class Cluster implements AsyncDisposable {
  readonly adminToken = TEST_SECRETS.admin;
  readonly internalToken = TEST_SECRETS.internal;
  readonly redis: OwnedRedis;
  readonly gateways: ServiceProcess[] = [];
  readonly workers: ServiceProcess[] = [];
  readonly histories: ServiceProcess[] = [];
  readonly #env: NodeJS.ProcessEnv;
  readonly #releases: AsyncDisposableStack;
  readonly #failures: Error[] = [];
  #added = 0;

  private constructor(redis: OwnedRedis, env: NodeJS.ProcessEnv, releases: AsyncDisposableStack) {
    this.redis = redis;
    this.#env = env;
    this.#releases = releases;
  }

  /** @throws ProcessFailure of the process that did not become ready; nothing is left running then. */
  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    await using opened = new AsyncDisposableStack();
    const dir = await mkdtemp(join(tmpdir(), 'parley-cluster-'));
    opened.defer(() => rm(dir, { recursive: true, force: true }));
    const redis = options.redis ?? opened.use(await OwnedRedis.start());
    const env = clusterEnv({
      redisUrl: redis.url,
      databaseUrl: databaseUrl(options.database ?? 'sqlite', dir),
      provider: options.provider,
      overrides: options.env ?? {},
    });
    const cluster = new Cluster(redis, env, opened.move());
    try {
      await cluster.#startAll(options);
      return cluster;
    } catch (error) {
      await cluster.stop().catch(() => undefined);
      throw error;
    }
  }

  async addGateway(env: Readonly<Record<string, string>> = {}): Promise<ServiceProcess> {
    return this.#add('gateway', this.gateways, env);
  }

  async addWorker(env: Readonly<Record<string, string>> = {}): Promise<ServiceProcess> {
    return this.#add('ai-worker', this.workers, env);
  }

  async addHistory(env: Readonly<Record<string, string>> = {}): Promise<ServiceProcess> {
    return this.#add('history', this.histories, env);
  }

  /**
   * SIGTERM to everything, those first that others do not depend on, and leaves nothing.
   *
   * @throws AggregateError if a process ended by itself before, had to be killed, or did not exit with 0.
   */
  async stop(): Promise<void> {
    for (const tier of [this.gateways, this.workers, this.histories])
      await Promise.all(tier.map(service => this.#stop(service)));
    await this.#releases.disposeAsync();
    const failures = this.#failures.splice(0);
    if (failures.length > 0) {
      throw new AggregateError(failures, failures.map(({ message }) => message).join('\n'));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #startAll({ gateways = 1, workers = 1, histories = 1 }: ClusterOptions): Promise<void> {
    await allOf(times(histories, () => this.addHistory()));
    await allOf([...times(workers, () => this.addWorker()), ...times(gateways, () => this.addGateway())]);
  }

  async #add(
    service: ServiceName,
    tier: ServiceProcess[],
    env: Readonly<Record<string, string>>,
  ): Promise<ServiceProcess> {
    const port = await freePort();
    const history = this.histories[this.#added++ % Math.max(1, this.histories.length)];
    const started = await ServiceProcess.start({
      name: `${service} on port ${port}`,
      main: fileURLToPath(new URL(`../../../../services/${service}/src/main.ts`, import.meta.url)),
      // Not 0: a restarted service takes the same port again, which must not lie among those of outgoing connections.
      env: { ...this.#env, PORT: String(port), ...(history && { HISTORY_URL: history.url }), ...env },
      onUnexpectedEnd: failure => {
        this.#failures.push(failure);
        process.stderr.write(`${failure.message}\n`);
      },
    });
    tier.push(started);
    return started;
  }

  async #stop(service: ServiceProcess): Promise<void> {
    if (!service.running) return;
    try {
      const code = await service.terminate();
      if (code !== 0) this.#failures.push(new Error(`${service.name} ended with code ${code} after SIGTERM`));
    } catch (error) {
      this.#failures.push(error as Error);
    }
  }
}

function databaseUrl(database: string, dir: string): string {
  if (database === 'sqlite') return `sqlite:${join(dir, 'parley.db')}`;
  return database === 'memory' ? 'memory:' : database;
}

function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}

/** Waits for all of them even if one fails, so that whoever cleans up after the failure finds every process. */
async function allOf(starts: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(starts)).find(outcome => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}
