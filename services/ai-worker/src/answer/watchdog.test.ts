import { expect, test } from 'vitest';
import { ManualClock } from '../../test/manual-clock.ts';
import { Watchdog } from './watchdog.ts';

function start() {
  const clock = new ManualClock();
  const barks: string[] = [];
  const watchdog = new Watchdog(clock, { firstTextMs: 100, idleMs: 50, totalMs: 1_000 }, message => {
    barks.push(message);
  });
  return { clock, barks, watchdog };
}

test('barks when the first text does not come in time', () => {
  const { clock, barks } = start();
  clock.advance(99);
  expect(barks).toEqual([]);
  clock.advance(1);
  expect(barks).toEqual(['no text within 100 ms']);
});

test('barks when it has been quiet for too long, counted from the last text', () => {
  const { clock, barks, watchdog } = start();
  clock.advance(90);
  watchdog.heard();
  clock.advance(40);
  watchdog.heard();
  clock.advance(49);
  expect(barks).toEqual([]);
  clock.advance(1);
  expect(barks).toEqual(['no text for 50 ms']);
});

test('does not count the time for which nobody reads', () => {
  const { clock, barks, watchdog } = start();
  watchdog.heard();
  watchdog.pause();
  clock.advance(500);
  watchdog.resume();
  clock.advance(49);
  expect(barks).toEqual([]);
  clock.advance(1);
  expect(barks).toEqual(['no text for 50 ms']);
});

test('barks at the end of the total time, however much text comes', () => {
  const { clock, barks, watchdog } = start();
  for (let at = 0; at < 990; at += 30) {
    watchdog.heard();
    clock.advance(30);
  }
  watchdog.heard();
  clock.advance(10);
  expect(barks).toEqual(['no end within 1000 ms']);
});

test('leaves no timer', () => {
  const { clock, barks, watchdog } = start();
  watchdog.heard();
  watchdog[Symbol.dispose]();
  expect(clock.pending).toBe(0);
  clock.advance(10_000);
  expect(barks).toEqual([]);
});
