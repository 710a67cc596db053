import { setTimeout as lasting } from 'node:timers/promises';
import { Cluster, OwnedRedis, ScriptedProvider, answer } from '@parley/testkit';
import { expect, test } from 'vitest';
import { converse } from './load/converse.ts';
import { LoadBalancer } from './load/load-balancer.ts';
import { readLedger } from './load/read-ledger.ts';

const CONVERSATIONS = 40;
const TURNS = 2;
/** As much as Redis loses with `appendfsync everysec` when its machine dies. */
const LOST_MS = 1_000;
const BETWEEN_CRASHES_MS = 4_000;

test('Redis that comes back as it was a second ago, again and again: nothing lost, nothing twice, nothing stuck', async () => {
  await using provider = await ScriptedProvider.start({ keepRequests: CONVERSATIONS * 10 });
  provider.script(({ prompt }) =>
    answer(`An answer to "${prompt}", as long as it takes to be hit. 👋`, { piece: 4, everyMs: 60 }),
  );
  await using redis = await OwnedRedis.start({ appendOnly: true });
  // Fewer than talk, so that some wait in the queue.
  const env = { WORKER_CONCURRENCY: '4' };
  await using cluster = await Cluster.start({ gateways: 2, workers: 2, provider, redis, env });
  await using balancer = await LoadBalancer.start(() => cluster.gateways.map(({ port }) => port));

  const over = new AbortController();
  const load = { url: balancer.url, conversations: CONVERSATIONS, parallel: 15, turns: TURNS };
  const talking = converse({ ...load, patienceMs: 60_000 }).finally(() => over.abort());
  const passing = (ms: number): Promise<unknown> => Promise.race([talking, lasting(ms)]);
  let crashes = 0;
  while (!over.signal.aborted) {
    await redis.remember();
    await passing(LOST_MS);
    await redis.restart('remembered');
    crashes += 1;
    await passing(BETWEEN_CRASHES_MS);
  }
  const entries = await talking;

  const ledger = await readLedger(balancer.url, entries, provider);
  console.log(`crashes ${crashes}`, ledger);
  const sent = CONVERSATIONS * TURNS;
  const clean = { sent, acked: sent, lost: 0, duplicated: 0, stuck: 0, different: 0, overAllowance: 0 };
  expect(ledger).toMatchObject(clean);
  expect(ledger.watched).toBeGreaterThan(0);
});
