import { expect, test } from 'vitest';
import { readSettings } from './settings.ts';

test('all rows three times, unless told otherwise', () => {
  expect(readSettings([])).toEqual({ rows: ['a', 'b', 'd', 'e', 'i', 'k', 'p10'], runs: 3, quick: false });
  expect(readSettings(['--quick', '--rows', 'k,a'])).toEqual({ rows: ['a', 'k'], runs: 1, quick: true });
});

test.each([
  [['--rows', 'a,z'], 'no row z'],
  [['--runs', '0'], 'whole number'],
  [['--fast'], '--fast'],
])('%j is refused', (args, message) => {
  expect(() => readSettings(args)).toThrow(message);
});
