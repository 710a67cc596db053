import type { Cluster, ProviderRequest, ServiceProcess } from '@parley/testkit';

/** Workers that ask the provider with a key of their own each, so that it is known which of them has an answer. */
export class KeyedWorkers {
  readonly #byKey = new Map<string, ServiceProcess>();

  static async start(cluster: Cluster, count: number): Promise<KeyedWorkers> {
    const workers = new KeyedWorkers();
    for (let index = 0; index < count; index++) {
      const key = `sk-test-worker-${index}`;
      workers.#byKey.set(key, await cluster.addWorker({ OPENAI_API_KEY: key }));
    }
    return workers;
  }

  /** @throws Error if it is none of these. */
  whoAsked({ key = '' }: ProviderRequest): ServiceProcess {
    const worker = this.#byKey.get(key);
    if (!worker) throw new Error(`No worker uses the key ${key}`);
    return worker;
  }
}
