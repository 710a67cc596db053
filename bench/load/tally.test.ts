import { expect, test } from 'vitest';
import { stampedToken } from './stamp.ts';
import { Tally, WARM_UP_TOKENS } from './tally.ts';

function tally(streams: number, tokens: number): { tally: Tally; told: string[] } {
  const told: string[] = [];
  const events = {
    onSteady: (count: number) => told.push(`steady ${count}`),
    onEbb: (count: number) => told.push(`ebb ${count}`),
  };
  return { tally: new Tally(streams, { tokens, everyMs: 20, form: 'stamps' }, events), told };
}

const tokens = (count: number): string => Array.from({ length: count }, () => stampedToken()).join('');

test('merged tokens count one by one, each with its own age, the first ones of an answer without', () => {
  const { tally: counting } = tally(1, WARM_UP_TOKENS + 3);
  counting.take(0, tokens(WARM_UP_TOKENS + 1));
  counting.take(0, tokens(2));
  counting.end(0);
  expect(counting.ages.values).toHaveLength(3);
  for (const age of counting.ages.values) expect(age).toBeGreaterThanOrEqual(0);
});

test('tells when all answers are under way and when the first one ends', () => {
  const { tally: counting, told } = tally(2, WARM_UP_TOKENS + 1);
  counting.take(0, tokens(WARM_UP_TOKENS));
  expect(told).toEqual([]);
  counting.take(1, tokens(WARM_UP_TOKENS + 1));
  expect(told).toEqual([`steady ${2 * WARM_UP_TOKENS}`]);
  counting.end(1);
  counting.take(0, tokens(1));
  counting.end(0);
  expect(told.at(-1)).toBe(`ebb ${2 * WARM_UP_TOKENS + 1}`);
});

test('an answer that lacks a token is no measurement', () => {
  const { tally: counting } = tally(1, 3);
  counting.take(0, tokens(2));
  expect(() => counting.end(0)).toThrow('2 of 3 tokens');
});
