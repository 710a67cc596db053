import { expect, test } from 'vitest';
import { FakeMachine } from '../test/fake-machine.ts';
import { QuietWatch } from './quiet-watch.ts';

function set() {
  const machine = new FakeMachine();
  const looks: number[] = [];
  const watch = new QuietWatch(machine.after, () => looks.push(machine.time));
  return { machine, looks, watch };
}

test('looks less and less often while an answer is under way and nothing is heard', async () => {
  const { machine, looks, watch } = set();
  watch.update(true, true);
  await machine.pass(200_000);
  expect(looks).toEqual([8_000, 24_000, 56_000, 116_000, 176_000]);
});

test('does not look while something is heard, and begins anew after it', async () => {
  const { machine, looks, watch } = set();
  watch.update(true, true);
  for (let piece = 0; piece < 20; piece++) {
    await machine.pass(7_000);
    watch.update(true, true);
  }
  expect(looks).toEqual([]);
  await machine.pass(8_000);
  expect(looks).toHaveLength(1);
});

test('what is no news does not put the next look off, and nothing is left when nothing is waited for', async () => {
  const { machine, looks, watch } = set();
  watch.update(true, true);
  await machine.pass(7_000);
  watch.update(true, false);
  await machine.pass(1_000);
  expect(looks).toEqual([8_000]);
  watch.update(false, false);
  expect(machine.timers.size).toBe(0);
});
