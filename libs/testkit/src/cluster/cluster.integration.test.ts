import { existsSync } from 'node:fs';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test, vi } from 'vitest';
import { answer } from '../openai/answer-script.ts';
import { ScriptedProvider } from '../openai/scripted-provider.ts';
import { OwnedRedis } from '../servers/owned-redis.ts';
import { waitFor } from '../servers/wait-for.ts';
import { Cluster } from './cluster.ts';

const ask = async (gatewayUrl: string, message: string): Promise<string> => {
  const response = await fetch(`${gatewayUrl}/api/chat`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ message }),
  });
  const body = (await response.json()) as { message: { content: string } };
  return body.message.content;
};

async function redisFolder(url: string): Promise<string> {
  const redis = new Redis(url);
  const [, dir = ''] = await redis.config('GET', 'dir');
  redis.disconnect();
  return dir;
}

/** Keeps the report of a failure that the test wants out of the output. */
function hushStderr(): void {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  onTestFinished(() => write.mockRestore());
}

test('answers through every gateway by the script of the provider, and leaves nothing behind', async () => {
  await using provider = await ScriptedProvider.start();
  provider.script(answer('The answer of the script.'));
  const cluster = await Cluster.start({ gateways: 2, provider, database: 'memory' });
  const dir = await redisFolder(cluster.redis.url);
  await cluster.addWorker();
  for (const gateway of cluster.gateways)
    expect(await ask(gateway.url, 'Hello?')).toBe('The answer of the script.');
  expect(provider.requests).toHaveLength(2);
  const services = [...cluster.gateways, ...cluster.workers, ...cluster.histories];
  expect(services.map(({ running }) => running)).toEqual([true, true, true, true, true]);

  await cluster.stop();
  expect(services.map(({ running }) => running)).toEqual([false, false, false, false, false]);
  expect(existsSync(dir)).toBe(false);
});

test('answers go on when killed processes are started again', async () => {
  await using cluster = await Cluster.start();
  const [gateway, worker, history] = [cluster.gateways[0], cluster.workers[0], cluster.histories[0]];
  for (const service of [gateway, worker, history]) {
    await service?.kill();
    await service?.restart();
  }
  expect(await ask(gateway?.url ?? '', 'Hello?')).toContain('This is a demo response.');
});

test('a process that dies by itself makes the stop fail with its name', async () => {
  hushStderr();
  await using redis = await OwnedRedis.start();
  const cluster = await Cluster.start({ redis });
  const [worker] = cluster.workers;
  process.kill(worker?.pid ?? 0, 'SIGKILL');
  await waitFor(() => worker?.running === false, { what: 'the worker to be gone' });
  await expect(cluster.stop()).rejects.toThrow(/ai-worker on port \d+ ended unexpectedly with SIGKILL/);
  // A given Redis is its owner's.
  expect(await redisFolder(redis.url)).not.toBe('');
});

test('a cluster that cannot start says why and leaves nothing behind', async () => {
  await using redis = await OwnedRedis.start();
  const start = Cluster.start({ redis, env: { MAX_MESSAGE_CHARS: 'many' } });
  await expect(start).rejects.toThrow(
    /gateway on port \d+ ended with code 1[^]*MAX_MESSAGE_CHARS: must be a number/,
  );
  const client = new Redis(redis.url);
  const clients = async (): Promise<number> =>
    ((await client.client('LIST')) as string).trim().split('\n').length;
  await waitFor(async () => (await clients()) === 1, { what: 'the services to be gone' });
  client.disconnect();
});
