import { messageIdSchema } from '@parley/contracts';
import { expect, test } from 'vitest';
import { answerIdOf, messageIdOf } from './message-ids.ts';

test('a key gives the same ids in every version: a retry may reach a newer process', () => {
  expect(messageIdOf('c1', 'k1')).toBe('m__hSj9Kf05bT1fHJmrkqIJV');
  expect(answerIdOf(messageIdOf('c1', 'k1'))).toBe('a_eaDQAEO4H-KkHtZxpy6T1B');
});

test('ids are valid, and no two keys share one', () => {
  const pairs = [
    ['a', 'bc'],
    ['ab', 'c'],
    ['abc', 'd'],
    ['abc', 'D'],
  ] as const;
  const ids = pairs.flatMap(([conversationId, key]) => {
    const id = messageIdOf(conversationId, key);
    return [id, answerIdOf(id)];
  });
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(messageIdSchema.parse(id)).toBe(id);
});
