import { expect, test } from 'vitest';
import { FakeMachine } from '../test/fake-machine.ts';
import { TypingNotices } from './typing-notices.ts';

function set() {
  const machine = new FakeMachine();
  const said: boolean[] = [];
  const expired: string[] = [];
  const notices = new TypingNotices({
    ...machine.environment,
    say: isTyping => said.push(isTyping),
    onExpired: who => expired.push(who),
  });
  return { machine, said, expired, notices };
}

test('keys say no more than every three seconds that somebody types, and the end is said once', async () => {
  const { machine, said, notices } = set();
  for (let key = 0; key < 70; key++) {
    notices.set(true);
    await machine.pass(100);
  }
  expect(said).toEqual([true, true, true]);
  notices.set(false);
  notices.set(false);
  expect(said).toEqual([true, true, true, false]);
});

test('after a message has been sent there is no end to say', () => {
  const { said, notices } = set();
  notices.set(true);
  notices.sent();
  notices.set(false);
  expect(said).toEqual([true]);
});

test('nobody types for ever', async () => {
  const { machine, expired, notices } = set();
  notices.heard('admin', true);
  await machine.pass(5_000);
  notices.heard('admin', true);
  await machine.pass(5_000);
  expect(expired).toEqual([]);
  await machine.pass(1_000);
  expect(expired).toEqual(['admin']);
  notices.heard('visitor', true);
  notices.heard('visitor', false);
  expect(machine.timers.size).toBe(0);
});
