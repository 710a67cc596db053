import { OwnedRedis } from '@parley/testkit';
import type { Server } from '../load/client-subject.ts';
import { Role } from '../load/role.ts';
import type { RelayGatewayCalls } from './relay-gateway-main.ts';
import type { RelayWorkerCalls } from './relay-worker-main.ts';

/**
 * The least that can stand between a provider and clients elsewhere: reader, PUBLISH, subscriber, emit. Nothing is kept, unless
 * `keepsLog`.
 */
export async function startRelay(
  providerUrl: string,
  opened: AsyncDisposableStack,
  { keepsLog }: { keepsLog: boolean },
): Promise<Server> {
  const redis = opened.use(await OwnedRedis.start());
  const worker = opened.use(
    await Role.start<RelayWorkerCalls>('relay worker', new URL('relay-worker-main.ts', import.meta.url)),
  );
  const gateway = opened.use(
    await Role.start<RelayGatewayCalls>('relay gateway', new URL('relay-gateway-main.ts', import.meta.url)),
  );
  await worker.call('start', { redisUrl: redis.url, providerUrl, keepsLog });
  const url = await gateway.call('start', { redisUrl: redis.url });
  const pids = { worker: worker.pid, gateway: gateway.pid, redis: redis.pid };
  return { url, dialect: 'relay', pids };
}
