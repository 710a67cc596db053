import { setTimeout as lasting } from 'node:timers/promises';
import { Cluster, OwnedRedis, ScriptedProvider, answer } from '@parley/testkit';
import { expect, test } from 'vitest';
import { DistantLink } from './distant-link.ts';
import { converse } from './load/converse.ts';
import { LoadBalancer } from './load/load-balancer.ts';
import { readLedger } from './load/read-ledger.ts';
import { printedChances } from './load/seeded-random.ts';

const ONE_WAY_MS = 100;
const BROKEN_SHARE = 0.05;
const BETWEEN_BREAKS_MS = 1_000;
const CONVERSATIONS = 30;
const TURNS = 2;

test('Redis far away, over links of which one in twenty breaks each second: nothing lost, nothing twice, nothing stuck', async () => {
  await using provider = await ScriptedProvider.start({ keepRequests: CONVERSATIONS * 10 });
  provider.script(({ prompt }) =>
    answer(`An answer to "${prompt}", as long as it takes to be hit. 👋`, { piece: 4, everyMs: 15 }),
  );
  await using redis = await OwnedRedis.start();
  await using link = await DistantLink.start(redis.port, ONE_WAY_MS);
  const env = { REDIS_URL: link.url };
  await using cluster = await Cluster.start({ gateways: 2, workers: 2, provider, redis, env });
  await using balancer = await LoadBalancer.start(() => cluster.gateways.map(({ port }) => port));
  const random = printedChances();

  const over = new AbortController();
  const load = { url: balancer.url, conversations: CONVERSATIONS, parallel: 15, turns: TURNS };
  const talking = converse({ ...load, patienceMs: 60_000 }).finally(() => over.abort());
  while (!over.signal.aborted) {
    link.breakSome(() => random() < BROKEN_SHARE);
    await Promise.race([talking, lasting(BETWEEN_BREAKS_MS)]);
  }
  const entries = await talking;

  const ledger = await readLedger(balancer.url, entries, provider);
  console.log(ledger);
  const sent = CONVERSATIONS * TURNS;
  const clean = { sent, acked: sent, lost: 0, duplicated: 0, stuck: 0, different: 0, overAllowance: 0 };
  expect(ledger).toMatchObject(clean);
  expect(ledger.watched).toBeGreaterThan(0);
});
