import { expect, test } from 'vitest';
import { fiftyTimes, newId, type StoreBench } from './store-fixture.ts';

export function messageSuite(bench: StoreBench): void {
  const notice = (conversationId: string, clientMessageId: string) =>
    ({ conversationId, clientMessageId, role: 'admin', content: `note ${clientMessageId}` }) as const;

  test('an admin message is stored once under its key, at the end of its conversation', async () => {
    const id = newId();
    const answer = await bench.ask(id);
    const added = await fiftyTimes(() => bench.store.addMessage(notice(id, 'k1')));
    expect(added.filter(reply => reply?.created)).toHaveLength(1);
    const stored = await bench.store.listMessages({ conversationId: id, limit: 10 });
    expect(stored).toHaveLength(3);
    expect(stored[2]).toMatchObject({ role: 'admin', status: 'complete', content: 'note k1' });
    expect(stored[2]?.seq).toBeGreaterThan(answer.seq);
    expect(await bench.store.getConversation(id)).toMatchObject({
      lastMessage: 'note k1',
      updatedAt: stored[2]?.updatedAt,
    });
  });

  test('no message is added to a conversation that does not exist', async () => {
    expect(await bench.store.addMessage(notice(newId(), 'k1'))).toBeUndefined();
  });

  test('messages are read as the newest, those before, or those after', async () => {
    const id = newId();
    await bench.store.createConversation({ conversationId: id });
    for (let n = 1; n <= 9; n += 1) await bench.store.addMessage(notice(id, `k${n}`));
    const all = await bench.store.listMessages({ conversationId: id, limit: 100 });
    expect(all.map(message => message.clientMessageId)).toEqual(
      Array.from({ length: 9 }, (_, n) => `k${n + 1}`),
    );
    const seqOf = (index: number): number => all[index]?.seq ?? 0;
    const read = (range: { limit: number; beforeSeq?: number; afterSeq?: number }) =>
      bench.store.listMessages({ conversationId: id, ...range });
    expect(await read({ limit: 3 })).toEqual(all.slice(6));
    expect(await read({ limit: 3, beforeSeq: seqOf(6) })).toEqual(all.slice(3, 6));
    expect(await read({ limit: 3, afterSeq: seqOf(1) })).toEqual(all.slice(2, 5));
    expect(await read({ limit: 9, afterSeq: seqOf(1), beforeSeq: seqOf(4) })).toEqual(all.slice(2, 4));
    expect(await read({ limit: 3, afterSeq: seqOf(8) })).toEqual([]);
  });

  test('a message is found only in its own conversation', async () => {
    const id = newId();
    const { message } = await bench.say(id, 'Mine');
    expect(await bench.store.getMessage(id, message.id)).toEqual(message);
    expect(await bench.store.getMessage(newId(), message.id)).toBeUndefined();
    expect(await bench.store.updateMessage(newId(), message.id, 'Yours')).toBeUndefined();
  });

  test('a text can be corrected, unless it is an answer that is still written', async () => {
    const id = newId();
    const turn = await bench.say(id, 'Helo');
    const corrected = await bench.store.updateMessage(id, turn.message.id, 'Hello');
    expect(corrected).toMatchObject({ id: turn.message.id, content: 'Hello', seq: turn.message.seq });
    expect(await bench.store.getMessage(id, turn.message.id)).toEqual(corrected);
    expect(await bench.store.updateMessage(id, turn.answer?.id ?? '', 'Mine')).toBeUndefined();
    expect(await bench.store.updateMessage(id, 'm_unknown', 'Mine')).toBeUndefined();
  });
}
