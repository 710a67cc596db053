import { Cluster, ScriptedProvider, answer } from '@parley/testkit';
import { expect, test } from 'vitest';
import { memoryStorage } from '../src/index.ts';
import { WatchedClient } from './watched-client.ts';

test('with tokens a visitor stays itself over reloads, and a stranger gets nothing but a conversation of its own', async () => {
  await using provider = await ScriptedProvider.start();
  provider.script(answer('Yes'));
  await using cluster = await Cluster.start({ gateways: 2, provider, env: { AUTH_MODE: 'token' } });
  const [urlA, urlB] = cluster.gateways.map(({ url }) => url) as [string, string];
  const storage = memoryStorage();
  const first = new WatchedClient({ url: urlA, storage });
  first.client.send('One');
  await first.untilLines('One', 'Yes');
  first.client.close();

  using second = new WatchedClient({ url: urlB, storage });
  await second.untilLines('One', 'Yes');
  second.client.send('Two');
  await second.untilLines('One', 'Yes', 'Two', 'Yes');

  const { conversationId = '' } = second.snapshot.transcript;
  using stranger = new WatchedClient({ url: urlA, conversationId });
  await stranger.untilOnline();
  expect(stranger.snapshot.transcript.conversationId).not.toBe(conversationId);
  expect(stranger.lines).toEqual([]);
  stranger.client.send('Mine');
  await stranger.untilLines('Mine', 'Yes');
});

test('with tokens, what is said after the conversation has been deleted begins another one', async () => {
  await using provider = await ScriptedProvider.start();
  provider.script(answer('Yes'));
  await using cluster = await Cluster.start({ provider, env: { AUTH_MODE: 'token' } });
  const [url = ''] = cluster.gateways.map(gateway => gateway.url);
  using visitor = new WatchedClient({ url });
  visitor.client.send('One');
  await visitor.untilLines('One', 'Yes');
  const { conversationId = '' } = visitor.snapshot.transcript;
  const headers = { authorization: `Bearer ${cluster.adminToken}` };
  await fetch(`${url}/api/conversations/${conversationId}`, { method: 'DELETE', headers });
  await visitor.until('the deletion', ({ transcript }) => transcript.deleted);
  visitor.client.send('Two');
  await visitor.untilLines('Two', 'Yes');
  expect(visitor.snapshot.transcript.conversationId).not.toBe(conversationId);
});
