import { fileURLToPath } from 'node:url';
import { Cluster, OwnedRedis, ServiceProcess, waitFor } from '@parley/testkit';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { LogScan } from './log-scan.ts';

const PASSWORD = 'a-password-that-nobody-may-read';
const HISTORY = fileURLToPath(new URL('../../services/history/src/main.ts', import.meta.url));

test('S13 the password in REDIS_URL stands in no log line, whatever becomes of Redis', async () => {
  await using redis = await OwnedRedis.start();
  const admin = new Redis(redis.url);
  await admin.config('SET', 'requirepass', PASSWORD);
  admin.disconnect();
  const url = redis.url.replace('redis://', `redis://:${PASSWORD}@`);
  await using cluster = await Cluster.start({ redis, env: { REDIS_URL: url } });
  const services = [...cluster.gateways, ...cluster.workers, ...cluster.histories];
  const logs = new LogScan(services);

  await redis.kill();
  for (const { logs: lines, name } of services)
    await waitFor(() => lines.some(line => line.includes('redis is away')), { what: `${name} to notice` });
  // It comes back without a password, so that the login itself is an error.
  await redis.restart();
  await waitFor(async () => (await fetch(`${cluster.gateways[0]?.url}/readyz`)).ok, {
    what: 'the gateway to be ready again',
    deadlineMs: 15_000,
  });
  expect(logs.linesWith(PASSWORD)).toEqual([]);
});

test('S13 nor does the one in DATABASE_URL, of a store that is not there', async () => {
  await using redis = await OwnedRedis.start();
  const lines: string[] = [];
  const starting = ServiceProcess.start({
    name: 'history',
    main: HISTORY,
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'test',
      PORT: '0',
      REDIS_URL: redis.url,
      DATABASE_URL: `mongodb://parley:${PASSWORD}@127.0.0.1:1/parley`,
    },
    onLine: line => lines.push(line),
  });
  await expect(starting).rejects.toThrow('ended with code 2');
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.filter(line => line.includes(PASSWORD))).toEqual([]);
});
