import { expect, test } from 'vitest';
import { monotonicMs } from '../measure/monotonic.ts';
import { readStamp, stampedToken } from './stamp.ts';

test('a token says when it was written, and the first one when it was asked for', () => {
  const before = monotonicMs();
  const { writtenAt, askedAt } = readStamp(stampedToken(5_000_000n).trimEnd());
  expect(askedAt).toBe(5);
  expect(writtenAt).toBeGreaterThanOrEqual(before);
  expect(writtenAt).toBeLessThanOrEqual(monotonicMs());
  expect(readStamp(stampedToken().trimEnd()).askedAt).toBeUndefined();
});
