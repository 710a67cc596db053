import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { waitFor } from '@parley/testkit';
import { expect, test } from 'vitest';
import { Pace } from './pace.ts';

const after = (...utilizations: number[]): number => {
  const pace = new Pace();
  for (const utilization of utilizations) pace.look(utilization);
  return pace.atOnce;
};

test('each piece travels alone while there is time for it', () => {
  expect(after()).toBe(1);
  expect(after(0, 0.3, 0.89)).toBe(1);
});

test('the longer a process is busy, the more travel together; it stays so while that is just enough', () => {
  expect(after(0.95)).toBe(2);
  expect(after(0.95, 0.8, 0.8)).toBe(2);
  expect(after(0.95, 0.95, 0.8)).toBe(3);
});

test('whatever happens it is one to three, and one again soon after the rush', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true })), history => {
      expect(after(...history)).toBeGreaterThanOrEqual(1);
      expect(after(...history)).toBeLessThanOrEqual(3);
      expect(after(...history, 0.1, 0.1)).toBe(1);
    }),
  );
});

test('a process that has no time notices it, and that it has time again', async () => {
  using pace = new Pace().start();
  while (pace.atOnce === 1) await spin();
  await waitFor(() => pace.atOnce === 1, { what: 'the rush to be over' });
});

/** One turn of the event loop with hardly a pause before the next one. */
async function spin(): Promise<void> {
  const end = performance.now() + 20;
  while (performance.now() < end);
  await turn();
}
