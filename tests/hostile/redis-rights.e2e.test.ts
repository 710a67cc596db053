import { readFile } from 'node:fs/promises';
import { redisNames } from '@parley/contracts';
import { Cluster, OwnedRedis } from '@parley/testkit';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { nativeClient, send } from '../e2e/clients/native-client.ts';

/** What ARCHITECTURE.md tells operators to say to Redis. */
async function documentedRights(user: string): Promise<string[]> {
  const text = await readFile(new URL('../../ARCHITECTURE.md', import.meta.url), 'utf8');
  const [, rights] = new RegExp(`^ACL SETUSER ${user} (.+)$`, 'm').exec(text) ?? [];
  if (rights === undefined) throw new Error(`ARCHITECTURE.md does not say which rights ${user} has`);
  return rights.split(' ');
}

test('S16 the documented rights are all that Parley needs, and keep others off its keys and channels', async () => {
  await using redis = await OwnedRedis.start();
  const root = new Redis(redis.url);
  const url = (user: string): string => redis.url.replace('//', `//${user}:SECRET@`);
  const as = (user: string): Redis => new Redis(url(user));
  await root.call('ACL', 'SETUSER', 'parley', ...(await documentedRights('parley')));
  await root.call('ACL', 'SETUSER', 'neighbour', 'on', '>SECRET', '~shop:*', '&shop:*', '+@all', '-@admin');
  const [parley, neighbour] = [as('parley'), as('neighbour')];
  try {
    await using cluster = await Cluster.start({ redis, env: { REDIS_URL: url('parley') } });
    using visitor = await nativeClient(cluster.gateways[0]?.url ?? '');
    await visitor.ask('resume', { conversationId: 'c-1' });
    expect(await send(visitor, 'c-1', 'Hello')).toMatchObject({ ok: true });
    await visitor.until('answer-ended');
    expect(await root.acl('LOG')).toEqual([]);

    const frames = redisNames.conversationChannel('c-1');
    for (const forbidden of [
      () => neighbour.publish(frames, '{}'),
      () => neighbour.publish(`${redisNames.socketAdapter}-request#/#`, '{}'),
      () => neighbour.subscribe(frames),
      () => neighbour.get(redisNames.gateways),
      () => neighbour.del(`${redisNames.queuePrefix}:answers:meta`),
      () => parley.publish('shop:orders', '{}'),
      () => parley.get('shop:orders'),
      () => parley.flushall(),
      () => parley.config('GET', '*'),
      () => parley.keys('*'),
    ])
      await expect(forbidden()).rejects.toThrow('NOPERM');
  } finally {
    for (const connection of [root, parley, neighbour]) connection.disconnect();
  }
});
