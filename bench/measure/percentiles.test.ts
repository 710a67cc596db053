import { expect, test } from 'vitest';
import { median, summarize } from './percentiles.ts';

test('a percentile is a sample: the smallest that this share of all does not exceed', () => {
  const samples = Array.from({ length: 200 }, (_, index) => 200 - index);
  expect(summarize(samples)).toEqual({ count: 200, p50: 100, p99: 198, max: 200 });
  expect(summarize([7])).toEqual({ count: 1, p50: 7, p99: 7, max: 7 });
  expect(median([3, 1, 2])).toBe(2);
});

test('no samples are no result', () => {
  expect(() => summarize([])).toThrow('no samples');
});
