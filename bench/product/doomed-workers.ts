import { Cluster, type ServiceProcess } from '@parley/testkit';
import { PRODUCT_ENV } from './start-product.ts';

/** Parley with many workers that take one answer each, so that it is known whose death interrupts what. */
export class DoomedWorkers implements AsyncDisposable {
  readonly url: string;
  readonly #cluster: Cluster;
  readonly #byKey = new Map<string, ServiceProcess>();

  private constructor(cluster: Cluster) {
    const [gateway] = cluster.gateways;
    if (!gateway) throw new Error('The cluster has no gateway');
    this.url = gateway.url;
    this.#cluster = cluster;
  }

  static async start(providerUrl: string, workers: number): Promise<DoomedWorkers> {
    const env = { ...PRODUCT_ENV, WORKER_CONCURRENCY: '1' };
    const cluster = await Cluster.start({ provider: { baseUrl: providerUrl }, workers: 0, env });
    const doomed = new DoomedWorkers(cluster);
    try {
      for (let index = 0; index < workers; index++) {
        // The provider shows in an answer which key it was asked with, and so which worker has the answer.
        const key = `sk-worker-${index}`;
        doomed.#byKey.set(key, await cluster.addWorker({ OPENAI_API_KEY: key }));
      }
      return doomed;
    } catch (error) {
      await cluster.stop().catch(() => undefined);
      throw error;
    }
  }

  /** SIGKILL. @throws Error if no worker has this key. */
  async kill(key: string): Promise<void> {
    const worker = this.#byKey.get(key);
    if (!worker) throw new Error(`No worker uses the key ${key}`);
    await worker.kill();
  }

  /** Starts those again that were killed. */
  async revive(): Promise<void> {
    const dead = [...this.#byKey.values()].filter(({ running }) => !running);
    await Promise.all(dead.map(worker => worker.restart()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster.stop();
  }
}
