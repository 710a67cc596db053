import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Coalesced } from './coalesced.ts';

const WINDOW_MS = 50;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

test('the first is told at once, what follows within the window once, as its newest', () => {
  const told: string[] = [];
  const text = new Coalesced<string>(
    () => WINDOW_MS,
    () => performance.now(),
    value => told.push(value),
  );
  text.offer('a');
  expect(told).toEqual(['a']);
  text.offer('ab');
  text.offer('abc');
  expect(told).toEqual(['a']);
  vi.advanceTimersByTime(WINDOW_MS);
  expect(told).toEqual(['a', 'abc']);
});

test('at most one per window, always growing, and the newest is told in the end', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 120 }), { minLength: 1, maxLength: 40 }), pauses => {
      const told: { at: number; value: number }[] = [];
      const value = new Coalesced<number>(
        () => WINDOW_MS,
        () => performance.now(),
        n => told.push({ at: performance.now(), value: n }),
      );
      pauses.forEach((pause, index) => {
        value.offer(index);
        vi.advanceTimersByTime(pause);
      });
      vi.advanceTimersByTime(WINDOW_MS);
      expect(told.at(-1)?.value).toBe(pauses.length - 1);
      expect(told[0]?.value).toBe(0);
      for (const [index, { at, value: n }] of told.entries()) {
        const before = told[index - 1];
        if (before) expect(at - before.at >= WINDOW_MS && n > before.value).toBe(true);
      }
      value.stop();
    }),
  );
});

test('nothing is told after the stop', () => {
  const told: string[] = [];
  const text = new Coalesced<string>(
    () => WINDOW_MS,
    () => performance.now(),
    value => told.push(value),
  );
  text.offer('a');
  text.offer('ab');
  text.stop();
  vi.advanceTimersByTime(WINDOW_MS * 2);
  expect(told).toEqual(['a']);
});

test('a larger value may wait longer', () => {
  const told: string[] = [];
  const text = new Coalesced<string>(
    ({ length }) => length * 10,
    () => performance.now(),
    value => told.push(value),
  );
  text.offer('a');
  text.offer('abcdefghij');
  vi.advanceTimersByTime(99);
  expect(told).toEqual(['a']);
  vi.advanceTimersByTime(1);
  expect(told).toEqual(['a', 'abcdefghij']);
});
