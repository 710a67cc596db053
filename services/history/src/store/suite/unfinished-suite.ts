import { expect, test } from 'vitest';
import type { UnfinishedPage } from '../conversation-store.ts';
import { newId, type StoreBench } from './store-fixture.ts';

export function unfinishedSuite(bench: StoreBench): void {
  const pages = async (limit: number, before = bench.clock()): Promise<UnfinishedPage[]> => {
    const seen: UnfinishedPage[] = [];
    let after: string | undefined;
    do {
      const page = await bench.store.listOpenAnswers({ before, limit, after });
      seen.push(page);
      after = page.next;
    } while (after !== undefined);
    return seen;
  };
  const idsOf = (seen: UnfinishedPage[]): string[] =>
    seen.flatMap(page => page.messages.map(message => message.id)).sort();

  test('of each conversation the oldest open answer is listed, page by page', async () => {
    const expected: string[] = [];
    for (let n = 0; n < 7; n += 1) {
      const id = newId();
      await bench.converse(id, 'Zero?', 'Done.');
      expected.push((await bench.ask(id, 'One?')).id);
      await bench.ask(id, 'Two?');
    }
    expected.sort();
    expect(idsOf(await pages(1000))).toEqual(expected);
    const small = await pages(5);
    expect(idsOf(small)).toEqual(expected);
    expect(small.length).toBeGreaterThan(2);
  });

  test('a conversation with more open answers than a page holds keeps nobody from the others', async () => {
    const crowded = newId();
    const first = await bench.ask(crowded);
    for (let n = 0; n < 5; n += 1) await bench.ask(crowded);
    const others = [await bench.ask(newId()), await bench.ask(newId())];
    const listed = idsOf(await pages(3));
    for (const { id } of [first, ...others]) expect(listed).toContain(id);
  });

  test('only answers older than asked for are listed', async () => {
    const old = await bench.ask(newId());
    const before = bench.clock();
    await bench.ask(newId());
    expect(idsOf(await pages(1000, before))).toEqual([old.id]);
  });

  test('answers that have ended and turns that are whole are not unfinished', async () => {
    const id = newId();
    await bench.converse(id, 'One?', 'Done.');
    const open = await bench.ask(id);
    expect(await bench.store.openAnswersOf(id)).toEqual([open]);
    expect(await bench.store.listHalfTurns({ before: bench.clock(), limit: 10 })).toEqual({ messages: [] });
  });
}
