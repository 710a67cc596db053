import { Cluster } from '@parley/testkit';
import type { Server } from '../load/client-subject.ts';

const PLENTY = '100000';

/** As in production, but for limits that a single address with all the clients would meet. */
export const PRODUCT_ENV = {
  NODE_ENV: 'production',
  FRONTEND_URL: 'http://localhost',
  WORKER_CONCURRENCY: '1000',
  MAX_CONNECTIONS_PER_ADDRESS: PLENTY,
  DRAIN_SPREAD_MS: '0',
  SHUTDOWN_GRACE_MS: '2000',
} as const;

/** Parley: one process of each kind, Redis, SQLite. */
export async function startProduct(
  providerUrl: string,
  opened: AsyncDisposableStack,
): Promise<Omit<Server, 'dialect'>> {
  const provider = { baseUrl: providerUrl };
  const cluster = opened.use(await Cluster.start({ provider, env: PRODUCT_ENV }));
  const [gateway, worker, history] = [cluster.gateways[0], cluster.workers[0], cluster.histories[0]];
  if (!gateway || !worker || !history) throw new Error('The cluster lacks a process');
  const pids = { worker: worker.pid, gateway: gateway.pid, history: history.pid, redis: cluster.redis.pid };
  return { url: gateway.url, pids };
}
