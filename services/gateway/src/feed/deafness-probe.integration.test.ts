import { randomUUID } from 'node:crypto';
import { redisNames } from '@parley/contracts';
import { ChannelSubscriber, closeRedis, connectRedis, createLogger } from '@parley/platform';
import { OwnedRedis, waitFor } from '@parley/testkit';
import type { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { DeafnessProbe } from './deafness-probe.ts';

const log = createLogger({ service: 'test', level: 'silent' });

/** A gateway's two connections, its subscriber and a probe that asks often. */
class Listening implements AsyncDisposable {
  readonly gatewayId = randomUUID();
  readonly publisher: Redis;
  readonly subscription: Redis;
  readonly probe: DeafnessProbe;
  gaps = 0;
  rebuilds = 0;

  constructor(url: string) {
    this.publisher = connectRedis(url, 'commands', log);
    this.subscription = connectRedis(url, 'subscriber', log);
    const subscriber = new ChannelSubscriber(this.subscription);
    subscriber.onGap(() => (this.gaps += 1));
    const { publisher, subscription, gatewayId } = this;
    this.probe = new DeafnessProbe({
      ...{ publisher, subscription, subscriber, gatewayId, log },
      askEveryMs: 300,
    });
    this.probe.onRebuild(() => (this.rebuilds += 1));
  }

  async start(): Promise<void> {
    const isUp = (): boolean => this.publisher.status === 'ready' && this.subscription.status === 'ready';
    await waitFor(isUp, { what: 'the connections' });
    await this.probe.start();
    expect(this.probe.isDeaf).toBe(false);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.probe.stop();
    await closeRedis(this.subscription);
    await closeRedis(this.publisher);
  }
}

test('a subscriber that hears nothing although its connection is up is noticed, and hears again on one new connection', async () => {
  await using server = await OwnedRedis.start();
  await using listening = new Listening(server.url);
  await listening.start();

  // Behind its back: the subscription is gone and nothing else has changed.
  await listening.subscription.unsubscribe(redisNames.selfTestChannel(listening.gatewayId));
  await waitFor(() => listening.probe.isDeaf, { what: 'the deafness to be noticed' });
  await waitFor(() => listening.gaps > 0 && !listening.probe.isDeaf, { what: 'it to hear again' });
  expect(listening.rebuilds).toBe(1);
});

test('a Redis that hangs is told as deafness, but makes it no new connection, which would hang as well', async () => {
  await using server = await OwnedRedis.start();
  await using listening = new Listening(server.url);
  await listening.start();

  server.pause();
  await waitFor(() => listening.probe.isDeaf, { what: 'the silence to be noticed' });
  await expect(listening.publisher.ping()).rejects.toThrow('timed out');
  expect(listening.probe.isDeaf).toBe(true);
  server.resume();
  await waitFor(() => !listening.probe.isDeaf, { what: 'it to hear again' });
  expect(listening.rebuilds).toBe(0);
});
