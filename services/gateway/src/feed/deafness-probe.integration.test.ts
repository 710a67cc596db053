import { randomUUID } from 'node:crypto';
import { redisNames } from '@parley/contracts';
import { ChannelSubscriber, closeRedis, connectRedis, createLogger } from '@parley/platform';
import { waitFor } from '@parley/testkit';
import { expect, inject, test } from 'vitest';
import { DeafnessProbe } from './deafness-probe.ts';

const log = createLogger({ service: 'test', level: 'silent' });

test('a subscriber that hears nothing although its connection is up is noticed, and hears again', async () => {
  const url = inject('redisUrl');
  const publisher = connectRedis(url, 'commands', log);
  const subscription = connectRedis(url, 'subscriber', log);
  await waitFor(() => publisher.status === 'ready' && subscription.status === 'ready', {
    what: 'the connections',
  });
  const subscriber = new ChannelSubscriber(subscription);
  let gaps = 0;
  subscriber.onGap(() => (gaps += 1));
  const gatewayId = randomUUID();
  const probe = new DeafnessProbe({ publisher, subscription, subscriber, gatewayId, log, askEveryMs: 50 });
  await probe.start();
  expect(probe.isDeaf).toBe(false);

  // Behind its back: the subscription is gone and nothing else has changed.
  await subscription.unsubscribe(redisNames.selfTestChannel(gatewayId));
  await waitFor(() => probe.isDeaf, { what: 'the deafness to be noticed' });
  await waitFor(() => gaps > 0 && !probe.isDeaf, { what: 'it to hear again' });

  probe.stop();
  await closeRedis(subscription);
  await closeRedis(publisher);
});
