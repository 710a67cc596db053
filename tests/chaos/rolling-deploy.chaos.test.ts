import { Cluster, ScriptedProvider, answer } from '@parley/testkit';
import { expect, test } from 'vitest';
import { converse } from './load/converse.ts';
import { tally } from './load/ledger.ts';
import { LoadBalancer } from './load/load-balancer.ts';
import { readStored } from './load/read-stored.ts';

test('every process replaced under load: nothing lost, and no answer produced twice', async () => {
  await using provider = await ScriptedProvider.start({ keepRequests: 10_000 });
  provider.script(({ prompt }) =>
    answer(`An answer to "${prompt}" that takes its time.`, { piece: 3, everyMs: 40 }),
  );
  await using cluster = await Cluster.start({
    gateways: 2,
    workers: 2,
    provider,
    env: { DRAIN_SPREAD_MS: '1000' },
  });
  const draining = new Set<number>();
  await using balancer = await LoadBalancer.start(() =>
    cluster.gateways.filter(({ running, port }) => running && !draining.has(port)).map(({ port }) => port),
  );
  const load = { url: balancer.url, conversations: 80, parallel: 20, turns: 2, patienceMs: 60_000 };
  const talking = converse(load);

  const codes: (number | null)[] = [];
  for (const old of cluster.gateways.slice()) {
    await cluster.addGateway();
    draining.add(old.port);
    codes.push(await old.terminate());
  }
  for (const old of cluster.workers.slice()) {
    await cluster.addWorker();
    codes.push(await old.terminate());
  }
  for (const history of cluster.histories) {
    codes.push(await history.terminate());
    await history.restart();
  }
  const entries = await talking;
  const ledger = tally(
    entries,
    await readStored(balancer.url, entries),
    provider.requests.map(({ prompt }) => prompt),
  );
  console.log(ledger);
  expect(codes).toEqual([0, 0, 0, 0, 0]);
  expect(ledger).toMatchObject({
    sent: 160,
    lost: 0,
    duplicated: 0,
    stuck: 0,
    different: 0,
    providerCalls: 160,
  });
}, 300_000);
