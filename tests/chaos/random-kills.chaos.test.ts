import { randomInt } from 'node:crypto';
import { setTimeout as lasting } from 'node:timers/promises';
import { Cluster, ScriptedProvider, answer, type ServiceProcess } from '@parley/testkit';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { converse } from './load/converse.ts';
import { tally } from './load/ledger.ts';
import { LoadBalancer } from './load/load-balancer.ts';
import { readStored } from './load/read-stored.ts';
import { seededRandom } from './load/seeded-random.ts';

const CONVERSATIONS = Number(process.env.CHAOS_CONVERSATIONS ?? 200);
/** Which faults come in which order; the one that is printed repeats them. */
const SEED = Number(process.env.CHAOS_SEED ?? randomInt(2 ** 31));
const BETWEEN_FAULTS_MS = 1_200;

type Fault = () => Promise<unknown>;

/** Kills a process and starts it again, as an orchestrator would. */
async function killAndRestart(service: ServiceProcess | undefined): Promise<void> {
  await service?.kill();
  await service?.restart();
}

function faultsOf(cluster: Cluster, redis: Redis, random: () => number): Fault[] {
  const any = (services: readonly ServiceProcess[]): ServiceProcess | undefined =>
    services[Math.floor(random() * services.length)];
  return [
    () => killAndRestart(any(cluster.gateways)),
    () => killAndRestart(any(cluster.workers)),
    () => killAndRestart(any(cluster.histories)),
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
  const random = seededRandom(SEED);
  const faults = faultsOf(cluster, redis, random);
  console.log(`CHAOS_SEED=${SEED}`);

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

  const stored = await readStored(balancer.url, entries);
  const ledger = tally(
    entries,
    stored,
    provider.requests.map(({ prompt }) => prompt),
  );
  console.log(`faults ${happened}`, ledger);
  const sent = CONVERSATIONS * 2;
  const clean = { sent, acked: sent, lost: 0, duplicated: 0, stuck: 0, different: 0, overAllowance: 0 };
  expect(ledger).toMatchObject(clean);
  expect(ledger.watched).toBeGreaterThan(0);
  expect(ledger.chunks).toBeGreaterThan(0);
}, 1_800_000);
