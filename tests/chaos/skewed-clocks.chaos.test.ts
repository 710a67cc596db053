import { setTimeout as lasting } from 'node:timers/promises';
import { Cluster, ScriptedProvider, answer, failure } from '@parley/testkit';
import { expect, test } from 'vitest';
import { bearer, newVisitor } from '../e2e/clients/token-visitor.ts';
import { call } from '../e2e/clients/rest-client.ts';
import { converse } from './load/converse.ts';
import { LoadBalancer } from './load/load-balancer.ts';
import { readLedger } from './load/read-ledger.ts';

const FIVE_MINUTES_MS = 300_000;
const CONVERSATIONS = 40;
const TURNS = 2;

/** The environment of a process whose clock is wrong. */
function clock(offByMs: number): Record<string, string> {
  const preload = new URL('load/shifted-clock.ts', import.meta.url).href;
  return { NODE_OPTIONS: `--import=${preload}`, CLOCK_SHIFT_MS: String(offByMs) };
}

async function timeAt(url: string): Promise<number> {
  const { body } = await call(url, '/api/health');
  return Date.parse((body as { timestamp: string }).timestamp);
}

const [fast, slow] = [clock(FIVE_MINUTES_MS), clock(-FIVE_MINUTES_MS)];

test('clocks that are off by five minutes, while workers and history die: nothing lost, nothing twice, nothing stuck', async () => {
  await using provider = await ScriptedProvider.start({ keepRequests: CONVERSATIONS * 10 });
  let asked = 0;
  provider.script(({ prompt }) => {
    asked += 1;
    // A provider that is asked again later, by whichever clock.
    if (asked % 10 === 0) return failure(500);
    return answer(`An answer to "${prompt}", as long as it takes to be hit. 👋`, { piece: 4, everyMs: 30 });
  });
  await using cluster = await Cluster.start({ gateways: 0, workers: 0, provider });
  await Promise.all([
    ...[fast, slow].map(env => cluster.addGateway(env)),
    ...[fast, slow].map(env => cluster.addWorker({ ...env, WORKER_CONCURRENCY: '5' })),
  ]);
  await using balancer = await LoadBalancer.start(() => cluster.gateways.map(({ port }) => port));

  const load = { url: balancer.url, conversations: CONVERSATIONS, parallel: 15, turns: TURNS };
  const talking = converse({ ...load, patienceMs: 60_000 });
  for (const service of [cluster.workers[0], cluster.histories[0], cluster.workers[1]]) {
    await Promise.race([talking, lasting(1_500)]);
    await service?.restart();
  }
  const entries = await talking;

  const ledger = await readLedger(balancer.url, entries, provider);
  console.log(ledger);
  const sent = CONVERSATIONS * TURNS;
  const clean = { sent, acked: sent, lost: 0, duplicated: 0, stuck: 0, different: 0 };
  expect(ledger).toMatchObject(clean);
  expect(ledger.watched).toBeGreaterThan(0);
});

test('a token is good at once at a gateway whose clock is ten minutes behind that of the one that issued it', async () => {
  await using cluster = await Cluster.start({ gateways: 0, env: { AUTH_MODE: 'token' } });
  const [ahead, behind] = [await cluster.addGateway(fast), await cluster.addGateway(slow)];
  const [late, early] = [await timeAt(ahead.url), await timeAt(behind.url)];
  expect(late - early).toBeGreaterThan(FIVE_MINUTES_MS);
  for (const [issuer, other] of [
    [ahead, behind],
    [behind, ahead],
  ] as const) {
    const { token, sessionId } = await newVisitor(issuer.url);
    const { body } = await call(other.url, '/api/conversations', { headers: bearer(token) });
    expect(body).toMatchObject([{ id: sessionId }]);
  }
});
