import { expect, test } from 'vitest';
import { redisNames } from './redis-names.ts';

/** What Redis Cluster hashes of a key: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/ */
const hashTag = (key: string): string => /\{([^}]+)\}/.exec(key)?.[1] ?? key;

test("one answer's keys share a slot with everything of its conversation", () => {
  const { meta, text, live } = redisNames.answer('c-1', 'a_1');
  const keys = [meta, text, live, redisNames.heartbeat('c-1', 'a_1'), redisNames.liveAnswers('c-1')];
  expect(new Set(keys.map(hashTag))).toEqual(new Set(['c-1']));
  expect(new Set([meta, text, live, redisNames.heartbeat('c-1', 'a_1')]).size).toBe(4);
});

test('all keys of the queues share a slot', () => {
  expect(hashTag(`${redisNames.queuePrefix}:answers:wait`)).toBe(
    hashTag(`${redisNames.queuePrefix}:history:wait`),
  );
});
