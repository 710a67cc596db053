import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { StoreHealth } from './store-health.ts';

const A_PING_MS = 2_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('it is well while the database answers, and again when it is back', async () => {
  let isThere = true;
  const ping = (): Promise<void> => (isThere ? Promise.resolve() : Promise.reject(new Error('away')));
  const health = new StoreHealth({ ping });
  health.start();
  await vi.advanceTimersByTimeAsync(A_PING_MS);
  expect(health.isOk).toBe(true);
  isThere = false;
  await vi.advanceTimersByTimeAsync(A_PING_MS);
  expect(health.isOk).toBe(false);
  isThere = true;
  await vi.advanceTimersByTimeAsync(A_PING_MS);
  expect(health.isOk).toBe(true);
  health.stop();
  expect(vi.getTimerCount()).toBe(0);
});

test('a database that hangs is not well, and is not asked twice at a time', async () => {
  const ping = vi.fn(() => Promise.withResolvers<undefined>().promise);
  const health = new StoreHealth({ ping });
  health.start();
  await vi.advanceTimersByTimeAsync(5 * A_PING_MS);
  expect(health.isOk).toBe(false);
  expect(ping).toHaveBeenCalledOnce();
  health.stop();
});
