import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { TcpProxy, waitFor } from '@parley/testkit';
import { describe, expect, inject, test, vi } from 'vitest';
import { createLogger } from '../logging/logger.ts';
import { closeRedis, connectRedis } from './connect.ts';

const log = createLogger({ service: 'test', level: 'silent' });

/** A way to Redis on which the present connections can be lost without either end being told, as when a host dies. */
class LossyWay extends TcpProxy {
  readonly #pairs: [client: Socket, redis: Socket][] = [];

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  losePresent(): void {
    for (const [client, redis] of this.#pairs) {
      client.unpipe(redis).resume();
      redis.unpipe(client).resume();
    }
  }

  protected override accept(client: Socket): void {
    this.#pairs.push([client, this.relay(client, Number(new URL(inject('redisUrl')).port))]);
  }
}

describe.concurrent('a connection', () => {
  test.each(['commands', 'jobs', 'subscriber', 'adapter'] as const)(
    'of role %s that has gone silent is replaced, also when it is idle',
    async role => {
      await using way = await new LossyWay().listen();
      const redis = connectRedis(way.url, role, log);
      await once(redis, 'ready');
      if (role === 'subscriber' || role === 'adapter') await redis.subscribe(randomUUID());
      way.losePresent();
      await waitFor(() => redis.status !== 'ready', {
        what: 'the silence to be noticed',
        deadlineMs: 40_000,
      });
      await waitFor(() => redis.status === 'ready', { what: 'a new connection' });
      await redis.ping();
      await closeRedis(redis);
    },
    60_000,
  );

  test('on which BullMQ waits for a job as long as it ever does, stays', async () => {
    const redis = connectRedis(inject('redisUrl'), 'jobs', log);
    const blocking = redis.duplicate();
    let lost = 0;
    blocking.on('close', () => (lost += 1));
    for (const seconds of [10, 10]) expect(await blocking.bzpopmin(randomUUID(), seconds)).toBeNull();
    expect(lost).toBe(0);
    await closeRedis(blocking);
    await closeRedis(redis);
  }, 60_000);

  test('that has subscriptions can be closed while it is just coming back', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    const redis = connectRedis(inject('redisUrl'), 'adapter', log);
    await redis.psubscribe(`${randomUUID()}*`);
    const info = redis.info.bind(redis);
    // ioredis asks for it when it has come back, and subscribes again when it has the reply.
    vi.spyOn(redis, 'info').mockImplementation(reply => {
      const asked = info(reply);
      void closeRedis(redis);
      return asked;
    });
    redis.disconnect(true);
    await waitFor(() => redis.status === 'end', { what: 'the connection to end' });
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
});
