import { expect, test } from 'vitest';
import { cappedBackoff } from './capped-backoff.ts';

test('waits twice as long each time, up to a bound, however often it was tried', () => {
  const retryMs = cappedBackoff(250, 3_000);
  expect([1, 2, 3, 4, 5, 6, 1_000_000].map(retryMs)).toEqual([250, 500, 1_000, 2_000, 3_000, 3_000, 3_000]);
});
