import { expect, test } from 'vitest';
import { CpuWatch } from './cpu-watch.ts';
import { monotonicMs } from './monotonic.ts';

test('a process that works is seen working, and is no stranger', () => {
  const watch = new CpuWatch({ self: process.pid });
  const until = monotonicMs() + 300;
  while (monotonicMs() < until);
  const { roleMs, foreignCores } = watch.stop();
  expect(roleMs.self).toBeGreaterThan(20);
  expect(foreignCores).toBeGreaterThanOrEqual(0);
});
