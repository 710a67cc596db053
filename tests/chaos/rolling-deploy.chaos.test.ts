import { Cluster, OwnedMongo, ScriptedProvider, answer, type ServiceProcess } from '@parley/testkit';
import { describe, expect, test } from 'vitest';
import { nativeClient } from '../e2e/clients/native-client.ts';
import { converse } from './load/converse.ts';
import { LoadBalancer } from './load/load-balancer.ts';
import { readLedger } from './load/read-ledger.ts';

const toldOnce = [{ reconnectInMs: expect.any(Number) as number }];

/** Replaces every process under load, one after the other, and expects that nobody notices more than a pause. */
async function deploy(store: { database: string; histories: number }): Promise<void> {
  await using provider = await ScriptedProvider.start({ keepRequests: 10_000 });
  provider.script(({ prompt }) =>
    answer(`An answer to "${prompt}" that takes its time.`, { piece: 3, everyMs: 60 }),
  );
  await using cluster = await Cluster.start({
    ...store,
    gateways: 2,
    workers: 2,
    provider,
    env: { DRAIN_SPREAD_MS: '1000' },
  });
  const draining = new Set<number>();
  await using balancer = await LoadBalancer.start(() =>
    cluster.gateways.filter(({ running, port }) => running && !draining.has(port)).map(({ port }) => port),
  );
  const load = { url: balancer.url, conversations: 240, parallel: 20, turns: 2, patienceMs: 60_000 };
  let isOver = false;
  const talking = converse(load).finally(() => (isOver = true));

  const codes: (number | null)[] = [];
  const told: unknown[] = [];
  const replace = async (old: ServiceProcess): Promise<void> => {
    // A process that nobody needs is replaced easily.
    await provider.waitFor(requests => isOver || requests.some(({ state }) => state === 'open'));
    expect(isOver).toBe(false);
    codes.push(await old.terminate());
  };
  for (const old of cluster.gateways.slice()) {
    await cluster.addGateway();
    draining.add(old.port);
    // The load's clients connect again by themselves, so they do not show whether anybody asked them to move.
    using witness = await nativeClient(old.url);
    await replace(old);
    told.push(witness.all('draining'));
  }
  for (const old of cluster.workers.slice()) {
    await cluster.addWorker();
    await replace(old);
  }
  for (const history of cluster.histories) {
    await replace(history);
    await history.restart();
  }
  const entries = await talking;
  const ledger = await readLedger(balancer.url, entries, provider);
  console.log(ledger);
  expect(codes).toEqual(Array.from({ length: 4 + store.histories }, () => 0));
  expect(told).toEqual([toldOnce, toldOnce]);
  expect(ledger).toMatchObject({
    sent: 480,
    acked: 480,
    lost: 0,
    duplicated: 0,
    stuck: 0,
    different: 0,
    providerCalls: 480,
  });
}

describe('every process replaced under load: nothing lost, and no answer produced twice', () => {
  test('with one history on SQLite', () => deploy({ database: 'sqlite', histories: 1 }), 300_000);

  test('with two histories on MongoDB', async ({ skip }) => {
    await using mongo = await OwnedMongo.start(process.env);
    if (!mongo) return skip();
    await deploy({ database: mongo.url, histories: 2 });
  }, 300_000);
});
