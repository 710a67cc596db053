import { expect, test } from 'vitest';
import { retryAfterMs } from './retry-after.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const cases: [string, Record<string, string>, number][] = [
  ['nothing told', {}, 0],
  ['milliseconds', { 'retry-after-ms': '1234.5', 'retry-after': '9' }, 1_235],
  ['seconds', { 'retry-after': '2' }, 2_000],
  ['a date', { 'retry-after': 'Thu, 01 Jan 2026 00:00:07 GMT' }, 7_000],
  ['a date in the past', { 'retry-after': 'Wed, 31 Dec 2025 00:00:00 GMT' }, 0],
  ['nonsense', { 'retry-after': 'soon', 'x-ratelimit-reset-requests': 'later' }, 0],
  ['a reset with minutes and seconds', { 'x-ratelimit-reset-tokens': '0m6.5s' }, 6_500],
  ['a reset in milliseconds', { 'x-ratelimit-reset-requests': '20ms' }, 20],
  [
    'the limit that is used up',
    {
      'x-ratelimit-reset-requests': '30s',
      'x-ratelimit-remaining-requests': '12',
      'x-ratelimit-reset-tokens': '3s',
      'x-ratelimit-remaining-tokens': '0',
    },
    3_000,
  ],
  ['more than a minute', { 'retry-after': '300' }, 300_000],
  ['more than a minute, in milliseconds', { 'retry-after-ms': '90000' }, 90_000],
  ['more than a day', { 'retry-after': 'Thu, 01 Jan 2027 00:00:00 GMT' }, 86_400_000],
  ['a reset in hours, which is no order', { 'x-ratelimit-reset-requests': '23h59m' }, 60_000],
];

test.each(cases)('%s', (_, headers, expected) => {
  expect(retryAfterMs(new Headers(headers), NOW)).toBe(expected);
});
