import type { Redis } from 'ioredis';

const QUEUES = ['{parley}:answers', '{parley}:history'];

/** Keys of the jobs that wait in a queue for whoever comes next. Not of those that somebody has taken and not put back. */
export async function queuedJobs(redis: Redis): Promise<Set<string>> {
  const perQueue = QUEUES.map(async queue => {
    const [waiting, prioritized, delayed, failed] = await Promise.all([
      redis.lrange(`${queue}:wait`, 0, -1),
      redis.zrange(`${queue}:prioritized`, 0, '-1'),
      redis.zrange(`${queue}:delayed`, 0, '-1'),
      redis.zrange(`${queue}:failed`, 0, '-1'),
    ]);
    return [...waiting, ...prioritized, ...delayed, ...failed].map(id => `${queue}:${id}`);
  });
  return new Set((await Promise.all(perQueue)).flat());
}
