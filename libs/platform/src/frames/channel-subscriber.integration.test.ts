import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { OwnedRedis, waitFor } from '@parley/testkit';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { ChannelSubscriber } from './channel-subscriber.ts';

test('a channel is subscribed while somebody listens, and heard again after a broken connection', async () => {
  await using server = await OwnedRedis.start();
  const connection = new Redis(server.url, { maxRetriesPerRequest: null, autoResubscribe: false });
  await once(connection, 'ready');
  const publisher = new Redis(server.url);
  const subscriber = new ChannelSubscriber(connection);
  let gaps = 0;
  subscriber.onGap(() => (gaps += 1));
  const channel = randomUUID();
  const heard: string[] = [];
  const first = (payload: string): void => void heard.push(`first ${payload}`);
  const second = (payload: string): void => void heard.push(`second ${payload}`);
  const receivers = (): Promise<number> => publisher.publish(channel, 'x');

  await subscriber.subscribe(channel, first);
  await subscriber.subscribe(channel, second);
  await publisher.publish(channel, 'hello');
  await waitFor(() => heard.length === 2, { what: 'both listeners' });
  expect(heard).toEqual(['first hello', 'second hello']);

  await publisher.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await waitFor(() => gaps === 1, { what: 'the gap to be told' });
  await waitFor(async () => (await receivers()) === 1, { what: 'the channel to be subscribed again' });

  await subscriber.unsubscribe(channel, first);
  expect(await receivers()).toBe(1);
  await subscriber.unsubscribe(channel, second);
  expect(await receivers()).toBe(0);
  expect(subscriber.channels).toBe(0);
  await connection.quit();
  await publisher.quit();
});

test('a Redis that stalls while the channels are subscribed again leaves none of them deaf', async () => {
  await using server = await OwnedRedis.start();
  const connection = new Redis(server.url, { autoResubscribe: false, enableOfflineQueue: false });
  // Each try to connect fails as well while Redis stalls.
  connection.on('error', () => undefined);
  await once(connection, 'ready');
  const subscriber = new ChannelSubscriber(connection);
  let gaps = 0;
  subscriber.onGap(() => (gaps += 1));
  // More than one SUBSCRIBE names.
  const channels = Array.from({ length: 1_200 }, () => randomUUID());
  const heard = new Set<string>();
  for (const channel of channels) await subscriber.subscribe(channel, () => void heard.add(channel));

  connection.options.commandTimeout = 500;
  // It is up again, and stalls for longer than a command may take; that breaks no connection.
  connection.disconnect(true);
  await once(connection, 'ready');
  server.pause();
  await waitFor(() => connection.status !== 'ready', { what: 'a connection half subscribed to be given up' });
  server.resume();

  await waitFor(() => gaps === 1, { what: 'the gap to be told' });
  const publisher = new Redis(server.url);
  for (const channel of channels) await publisher.publish(channel, 'x');
  await waitFor(() => heard.size === channels.length, { what: 'every channel to be heard' });
  await connection.quit();
  await publisher.quit();
});

test('what is left while the channels are subscribed again stays left', async () => {
  await using server = await OwnedRedis.start();
  const connection = new Redis(server.url, { autoResubscribe: false, enableOfflineQueue: false });
  const publisher = new Redis(server.url);
  await once(connection, 'ready');
  const subscriber = new ChannelSubscriber(connection);
  let gaps = 0;
  subscriber.onGap(() => (gaps += 1));
  const ignore = (): void => undefined;
  // More than one SUBSCRIBE names.
  const channels = Array.from({ length: 1_200 }, () => randomUUID());
  for (const channel of channels) await subscriber.subscribe(channel, ignore);
  connection.disconnect(true);
  await once(connection, 'ready');
  // The first SUBSCRIBE is under way.
  await Promise.all(channels.map(channel => subscriber.unsubscribe(channel, ignore)));
  await waitFor(() => gaps === 1, { what: 'the gap to be told' });
  expect(await publisher.call('PUBSUB', 'CHANNELS')).toEqual([]);
  await connection.quit();
  await publisher.quit();
});
