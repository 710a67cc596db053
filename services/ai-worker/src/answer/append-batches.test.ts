import type { AppendResult } from '@parley/platform';
import { expect, test } from 'vitest';
import { AppendBatches } from './append-batches.ts';

const answer = { conversationId: 'c', answerId: 'a' };
const turn = () => new Promise(resolve => setImmediate(resolve));

/** A log that answers when it is told to, and notes what came together. */
function setup() {
  const calls: string[][] = [];
  const replies: PromiseWithResolvers<AppendResult[]>[] = [];
  const batches = new AppendBatches(pieces => {
    calls.push(pieces.map(({ text }) => text));
    const reply = Promise.withResolvers<AppendResult[]>();
    replies.push(reply);
    return reply.promise;
  });
  const append = (text: string) => batches.append({ answer, epoch: 1, offset: 0, text });
  return { calls, replies, append };
}

test('pieces of one turn leave together, in order, and each gets its own result', async () => {
  const { calls, replies, append } = setup();
  const results = [append('a'), append('b')];
  await turn();
  expect(calls).toEqual([['a', 'b']]);
  replies[0]?.resolve(['ok', 'replaced']);
  expect(await Promise.all(results)).toEqual(['ok', 'replaced']);
});

test('a piece of a quiet worker leaves at once, also while one is on its way', async () => {
  const { calls, append } = setup();
  void append('a');
  await turn();
  void append('b');
  await turn();
  expect(calls).toEqual([['a'], ['b']]);
});

test('while two batches are on their way the next one gathers', async () => {
  const { calls, replies, append } = setup();
  for (const text of ['a', 'b', 'c', 'd']) {
    void append(text);
    await turn();
  }
  expect(calls).toEqual([['a'], ['b']]);
  replies[0]?.resolve(['ok']);
  await turn();
  await turn();
  expect(calls).toEqual([['a'], ['b'], ['c', 'd']]);
});

test('a call takes no more pieces than Redis can work off in a moment', async () => {
  const { calls, append } = setup();
  for (let index = 0; index < 450; index++) void append(String(index));
  await turn();
  await turn();
  expect(calls.map(({ length }) => length)).toEqual([200, 200]);
});

test('a call that fails tells its callers and holds up nobody', async () => {
  const { calls, replies, append } = setup();
  const failing = [append('a')];
  await turn();
  failing.push(append('b'));
  await turn();
  for (const reply of replies) reply.reject(new Error('OOM'));
  expect((await Promise.allSettled(failing)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  void append('c');
  await turn();
  expect(calls).toEqual([['a'], ['b'], ['c']]);
});
