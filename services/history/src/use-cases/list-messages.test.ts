import type { Message } from '@parley/contracts';
import { expect, test } from 'vitest';
import type { MessageRange } from '../store/conversation-store.ts';
import { listMessages } from './list-messages.ts';

const conversationId = 'c';
const limit = 1_000;

/** A store of one conversation that counts how many messages are read from it. */
function set(contents: readonly string[]) {
  const stored = contents.map((content, index): Message => ({
    ...{ conversationId, id: `m${index + 1}`, seq: index + 1, role: 'user', content, status: 'complete' },
    ...{ createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:00:00.000Z' },
  }));
  const reads = { messages: 0 };
  const store = {
    listMessages: ({ limit: most, afterSeq, beforeSeq = Infinity }: MessageRange): Promise<Message[]> => {
      const range = stored.filter(({ seq }) => seq > (afterSeq ?? 0) && seq < beforeSeq);
      const page = afterSeq === undefined ? range.slice(-most) : range.slice(0, most);
      reads.messages += page.length;
      return Promise.resolve(page);
    },
  };
  const list = async (range: {
    limit?: number;
    maxBytes?: number;
    afterSeq?: number;
    beforeSeq?: number;
  }) => {
    const { messages, more } = await listMessages({ store })({ conversationId, limit, ...range });
    return [messages.map(({ seq }) => seq), more];
  };
  return { list, reads };
}

const texts = (count: number, chars: number): string[] =>
  Array.from({ length: count }, () => 'x'.repeat(chars));

test('a page says whether there are more in the direction of reading', async () => {
  const { list } = set(texts(5, 1));
  expect(await list({ limit: 5 })).toEqual([[1, 2, 3, 4, 5], false]);
  expect(await list({ limit: 2 })).toEqual([[4, 5], true]);
  expect(await list({ limit: 2, beforeSeq: 4 })).toEqual([[2, 3], true]);
  expect(await list({ limit: 2, beforeSeq: 3 })).toEqual([[1, 2], false]);
  expect(await list({ limit: 2, afterSeq: 0 })).toEqual([[1, 2], true]);
  expect(await list({ limit: 2, afterSeq: 3 })).toEqual([[4, 5], false]);
  expect(await list({ limit: 2, afterSeq: 1, beforeSeq: 4 })).toEqual([[2, 3], false]);
  expect(await list({ afterSeq: 5 })).toEqual([[], false]);
});

test('a page is as long as its bytes allow, and at least one message', async () => {
  const { list } = set([...texts(3, 10_000), ...texts(2, 100)]);
  expect(await list({ maxBytes: 20_800 })).toEqual([[3, 4, 5], true]);
  expect(await list({ maxBytes: 20_800, afterSeq: 0 })).toEqual([[1, 2], true]);
  expect(await list({ maxBytes: 20_800, afterSeq: 2 })).toEqual([[3, 4, 5], false]);
  expect(await list({ maxBytes: 1, afterSeq: 0 })).toEqual([[1], true]);
  expect(await list({ maxBytes: 1 })).toEqual([[5], true]);
});

test('bytes count as they travel', async () => {
  const { list } = set(['é'.repeat(1_000), '\u0001'.repeat(1_000), 'x'.repeat(1_000)]);
  expect(await list({ maxBytes: 3_000 })).toEqual([[3], true]);
  expect(await list({ maxBytes: 8_000 })).toEqual([[2, 3], true]);
});

test('reads on until the page is full, and hardly further', async () => {
  const many = set(texts(900, 10));
  expect((await many.list({ maxBytes: 262_144 }))[0]).toHaveLength(900);
  const long = set(texts(900, 32_000));
  expect((await long.list({ maxBytes: 262_144, afterSeq: 0 }))[0]).toHaveLength(8);
  expect(long.reads.messages).toBeLessThan(30);
  const few = set(texts(900, 32_000));
  expect((await few.list({ maxBytes: 40_000 }))[0]).toHaveLength(1);
  expect(few.reads.messages).toBeLessThan(5);
});
