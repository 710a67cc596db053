import { expect, test } from 'vitest';
import { createLogger } from '../logging/logger.ts';
import { ReleaseStack } from './release-stack.ts';

const log = createLogger({ service: 'test', level: 'silent' });

test('what was opened last goes first, a failure stops nothing, and nothing is released twice', async () => {
  const released: string[] = [];
  const stack = new ReleaseStack(log);
  stack.push('first', () => released.push('first'));
  stack.push('broken', () => Promise.reject(new Error('no')));
  stack.push('last', () => released.push('last'));
  await stack.releaseAll();
  await stack.releaseAll();
  expect(released).toEqual(['last', 'first']);
});
