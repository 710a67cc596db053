import { redisNames } from '@parley/contracts';
import {
  Cluster,
  ScriptedProvider,
  answer,
  holdAfter,
  pieces,
  readMetric,
  type OwnedMongo,
} from '@parley/testkit';
import { Redis } from 'ioredis';
import { nativeClient } from '../e2e/clients/native-client.ts';
import type { RecordingClient } from '../e2e/clients/recording-client.ts';
import { LoadBalancer } from './load/load-balancer.ts';

/** The question whose answer stops in the middle until it is let go. */
export const HELD = 'What takes long?';
const WORDS = Array.from({ length: 40 }, (_, index) => `word-${index} 👋 `);

/** What the provider says. */
export const replyTo = (prompt: string): string =>
  prompt === HELD ? WORDS.join('') : `An answer to "${prompt}", as long as it takes to be hit. 👋`;

/** Few at a time: while the store is away some answers are being streamed, and some are claimed for the first time. */
const ENV = { WORKER_CONCURRENCY: '2' };
/** Connections as after a busy hour: what is said to a MongoDB that hangs is on its way to it, and not in history's hands. */
const WARM_POOL = 'minPoolSize=30';

/** A cluster on a MongoDB that the test takes away. */
export class StoreOutageWorld implements AsyncDisposable {
  readonly provider: ScriptedProvider;
  readonly #cluster: Cluster;
  readonly #balancer: LoadBalancer;
  readonly #redis: Redis;

  private constructor(provider: ScriptedProvider, cluster: Cluster, balancer: LoadBalancer) {
    this.provider = provider;
    this.#cluster = cluster;
    this.#balancer = balancer;
    this.#redis = new Redis(cluster.redis.url);
  }

  static async start(mongo: OwnedMongo): Promise<StoreOutageWorld> {
    const provider = await ScriptedProvider.start();
    provider.script(({ prompt }) =>
      prompt === HELD
        ? pieces(WORDS, { everyMs: 20, faults: [holdAfter(WORDS.length / 2)] })
        : answer(replyTo(prompt), { piece: 4, everyMs: 40 }),
    );
    const database = `${mongo.url}/?${WARM_POOL}`;
    const cluster = await Cluster.start({ gateways: 2, workers: 2, provider, database, env: ENV });
    const balancer = await LoadBalancer.start(() => cluster.gateways.map(({ port }) => port));
    return new StoreOutageWorld(provider, cluster, balancer);
  }

  /** Of both gateways. */
  get url(): string {
    return this.#balancer.url;
  }

  async client(gateway: 0 | 1): Promise<RecordingClient> {
    return nativeClient(this.#cluster.gateways[gateway]?.url ?? '');
  }

  /** Lets the held answer go on. */
  release(): void {
    this.provider.release(this.provider.requests.find(({ prompt }) => prompt === HELD)?.id);
  }

  /** Calls that history could not carry out because of the database. */
  async storeErrors(): Promise<number> {
    return readMetric(this.#cluster.histories[0]?.url ?? '', 'parley_history_store_errors_total');
  }

  /** Why history says that it is not ready; empty if it is. */
  async notReadyBecause(): Promise<string[]> {
    const response = await fetch(`${this.#cluster.histories[0]?.url ?? ''}/readyz`);
    const { reasons } = (await response.json()) as { reasons: string[] };
    return response.status === 503 ? reasons : [];
  }

  /** True while the end of the answer's first epoch is in the queue `history`. */
  async waitsToBeStored(answerId: string): Promise<boolean> {
    const { queuePrefix, queues } = redisNames;
    return (await this.#redis.exists(`${queuePrefix}:${queues.history}:${answerId}-1`)) === 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#redis.disconnect();
    await this.#balancer[Symbol.asyncDispose]();
    await this.#cluster.stop();
    await this.provider.stop();
  }
}
