import { Cluster, waitFor } from '@parley/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nativeClient } from './clients/native-client.ts';
import { call, type Reply } from './clients/rest-client.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start();
});
afterAll(async () => {
  await cluster.stop();
});

const readiness = (url: string): Promise<Reply> => call(url, '/readyz');

async function becomes(status: number, services: readonly { readonly url: string }[]): Promise<void> {
  for (const { url } of services) {
    const says = async (): Promise<boolean> => (await readiness(url)).status === status;
    await waitFor(says, { what: `${url}/readyz to say ${status}`, deadlineMs: 30_000 });
  }
}

test('gateways and workers are not ready while Redis hangs, and ready again when it goes on', async () => {
  const services = [...cluster.gateways, ...cluster.workers];
  await becomes(200, services);
  cluster.redis.pause();
  await becomes(503, services);
  // It stays so for as long as Redis hangs; a new connection would hang as well.
  for (const { url } of services) expect((await readiness(url)).body).toMatchObject({ status: 'NOT_READY' });
  cluster.redis.resume();
  await becomes(200, services);
});

test('a gateway that drains is not ready', async () => {
  const gateway = await cluster.addGateway({ DRAIN_SPREAD_MS: '5000' });
  using client = await nativeClient(gateway.url);
  const ended = gateway.terminate(20_000);
  await client.until('draining');
  expect((await readiness(gateway.url)).status).toBe(503);
  expect((await readiness(gateway.url)).body).toMatchObject({ reasons: ['draining'] });
  client.socket.disconnect();
  expect(await ended).toBe(0);
});
