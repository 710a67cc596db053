import type { TestProject } from 'vitest/node';
import { findMongo } from './find-mongo.ts';
import { findRedis } from './find-redis.ts';
import type {} from './provided.ts';

/**
 * Servers for all files of a test project, which run in parallel against them. Tests keep apart by what they name, not by
 * a database number, because pub/sub knows none:
 *
 * - conversation ids are random, so keys, channels and frames of two tests never meet;
 * - each file uses a MongoDB database with a random name, and drops it;
 * - what exists once per Redis (the queues, the activity channel, presence, CLIENT LIST, FLUSHALL) takes a Redis of its
 *   own: `OwnedRedis`.
 *
 * @returns the teardown.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await using started = new AsyncDisposableStack();
  const redis = await findRedis(process.env);
  started.defer(() => redis.stop());
  const mongo = await findMongo(process.env);
  started.defer(() => mongo?.stop());
  project.provide('redisUrl', redis.url);
  project.provide('mongoUri', mongo?.url ?? null);
  const kept = started.move();
  return () => kept.disposeAsync();
}
