import type { AppendResult } from '@parley/platform';
import { expect, test } from 'vitest';
import { AppendBatches } from './append-batches.ts';

const answer = { conversationId: 'c', answerId: 'a' };
const turn = () => new Promise(resolve => setImmediate(resolve));

/** A log that answers when it is told to, and notes what left together. */
function setup() {
  const packets: string[][] = [];
  const replies: PromiseWithResolvers<AppendResult>[] = [];
  const batches = new AppendBatches(
    (_answer, _epoch, _offset, text) => {
      packets.at(-1)?.push(text);
      const reply = Promise.withResolvers<AppendResult>();
      replies.push(reply);
      return reply.promise;
    },
    send => {
      packets.push([]);
      send();
    },
  );
  return { packets, replies, append: (text: string) => batches.append(answer, 1, 0, text) };
}

test('pieces of one turn leave together, in order, and each gets its own result', async () => {
  const { packets, replies, append } = setup();
  const results = [append('a'), append('b')];
  await turn();
  expect(packets).toEqual([['a', 'b']]);
  replies[0]?.resolve('ok');
  replies[1]?.resolve('replaced');
  expect(await Promise.all(results)).toEqual(['ok', 'replaced']);
});

test('a piece of a quiet worker leaves at once, also while one is on its way', async () => {
  const { packets, append } = setup();
  void append('a');
  await turn();
  void append('b');
  await turn();
  expect(packets).toEqual([['a'], ['b']]);
});

test('while two batches are on their way the next one gathers', async () => {
  const { packets, replies, append } = setup();
  for (const text of ['a', 'b', 'c', 'd']) {
    void append(text);
    await turn();
  }
  expect(packets).toEqual([['a'], ['b']]);
  replies[0]?.resolve('ok');
  await turn();
  await turn();
  expect(packets).toEqual([['a'], ['b'], ['c', 'd']]);
});

test('an append that fails tells its caller and holds up nobody', async () => {
  const { packets, replies, append } = setup();
  const failing = [append('a')];
  await turn();
  failing.push(append('b'));
  await turn();
  for (const reply of replies) reply.reject(new Error('OOM'));
  expect((await Promise.allSettled(failing)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  void append('c');
  await turn();
  expect(packets).toEqual([['a'], ['b'], ['c']]);
});
