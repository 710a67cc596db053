import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { someAtOnce } from './some-at-once.ts';

test('does each once, so many at a time, whatever fails', async () => {
  const items = Array.from({ length: 50 }, (_, item) => item);
  const done: number[] = [];
  let [underWay, most] = [0, 0];
  const errors = await someAtOnce(items, 4, async item => {
    most = Math.max(most, ++underWay);
    for (let turn = 0; turn <= item % 3; turn++) await setImmediate();
    underWay -= 1;
    done.push(item);
    if (item % 10 === 0) throw new Error(`not ${item}`);
  });
  expect(most).toBe(4);
  expect(done.sort((a, b) => a - b)).toEqual(items);
  expect(errors).toHaveLength(5);
});
