import { OwnedRedis } from '../servers/owned-redis.ts';
import { pingRedis } from '../servers/ping-redis.ts';
import { LeakCheck } from './leak-check.ts';

/**
 * From now on every `OwnedRedis` that answers when it is stopped must be as empty as it began: whoever used it has let go.
 *
 * @param onLeak is told if it is not; the stop itself goes on, so that it does not hide how the test ended.
 */
export function checkOwnedRedis(onLeak: (error: unknown) => void): void {
  const start = OwnedRedis.start.bind(OwnedRedis);
  OwnedRedis.start = async options => {
    const redis = await start(options);
    const stop = redis.stop.bind(redis);
    redis.stop = async () => {
      if (await pingRedis(redis.url)) await expectEmpty(redis.url).catch(onLeak);
      await stop();
    };
    return redis;
  };
}

async function expectEmpty(redisUrl: string): Promise<void> {
  await using check = LeakCheck.sinceEmpty(redisUrl);
  await check.expectNone();
}
