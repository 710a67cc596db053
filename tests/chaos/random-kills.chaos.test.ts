import { setTimeout as lasting } from 'node:timers/promises';
import { Cluster, ScriptedProvider, answer, type ServiceProcess } from '@parley/testkit';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { converse } from './load/converse.ts';
import { LoadBalancer } from './load/load-balancer.ts';
import { readLedger } from './load/read-ledger.ts';
import { printedChances } from './load/seeded-random.ts';

const CONVERSATIONS = Number(process.env.CHAOS_CONVERSATIONS ?? 200);
const BETWEEN_FAULTS_MS = 1_200;

type Fault = () => Promise<unknown>;

function faultsOf(cluster: Cluster, redis: Redis, random: () => number): Fault[] {
  // It starts again, as with an orchestrator.
  const killAny = async (services: readonly ServiceProcess[]): Promise<void> =>
    services[Math.floor(random() * services.length)]?.restart();
  return [
    () => killAny(cluster.gateways),
    () => killAny(cluster.workers),
    () => killAny(cluster.histories),
    () => redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub'),
    () => redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'),
  ];
}

test(`random kills under the load of ${CONVERSATIONS} conversations: nothing lost, nothing twice, nothing stuck`, async () => {
  await using provider = await ScriptedProvider.start({ keepRequests: CONVERSATIONS * 10 });
  provider.script(({ prompt }) =>
    answer(`An answer to "${prompt}", as long as it takes to be hit. 👋`, { piece: 4, everyMs: 15 }),
  );
  await using cluster = await Cluster.start({ gateways: 2, workers: 2, provider });
  await using balancer = await LoadBalancer.start(() =>
    cluster.gateways.filter(({ running }) => running).map(({ port }) => port),
  );
  const redis = new Redis(cluster.redis.url, { maxRetriesPerRequest: null });
  const random = printedChances();
  const faults = faultsOf(cluster, redis, random);

  const over = new AbortController();
  const load = {
    url: balancer.url,
    conversations: CONVERSATIONS,
    parallel: 20,
    turns: 2,
    patienceMs: 60_000,
  };
  const talking = converse(load).finally(() => over.abort());
  let happened = 0;
  while (!over.signal.aborted) {
    await faults[Math.floor(random() * faults.length)]?.();
    happened += 1;
    await Promise.race([talking, lasting(BETWEEN_FAULTS_MS)]);
  }
  const entries = await talking;
  await redis.quit();

  const ledger = await readLedger(balancer.url, entries, provider);
  console.log(`faults ${happened}`, ledger);
  const sent = CONVERSATIONS * 2;
  const clean = { sent, acked: sent, lost: 0, duplicated: 0, stuck: 0, different: 0, overAllowance: 0 };
  expect(ledger).toMatchObject(clean);
  expect(ledger.watched).toBeGreaterThan(0);
  expect(ledger.chunks).toBeGreaterThan(0);
}, 1_800_000);
