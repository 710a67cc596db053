import { expect, test } from 'vitest';
import { waitFor } from './wait-for.ts';

test('gives what the condition became', async () => {
  const answers = [undefined, null, false, 0];
  expect(await waitFor(() => answers.shift(), { what: 'a number' })).toBe(0);
});

test('says what was waited for when the deadline has passed', async () => {
  await expect(waitFor(() => false, { deadlineMs: 20, what: 'pigs to fly' })).rejects.toThrow(
    'waited 20 ms for pigs to fly',
  );
});

test('asks again after the condition has thrown, and shows what it threw last', async () => {
  let calls = 0;
  const condition = (): boolean => {
    calls += 1;
    if (calls < 3) throw new Error('not yet');
    return true;
  };
  expect(await waitFor(condition, { what: 'the third call' })).toBe(true);

  const cause = new Error('never');
  const rejection = waitFor(() => Promise.reject(cause), { deadlineMs: 20, what: 'nothing' });
  await expect(rejection).rejects.toMatchObject({ cause });
});

test('does not wait longer for a condition that never answers', async () => {
  const silence = new Promise<boolean>(() => undefined);
  await expect(waitFor(() => silence, { deadlineMs: 20, what: 'an answer' })).rejects.toThrow(
    'waited 20 ms for an answer',
  );
});
