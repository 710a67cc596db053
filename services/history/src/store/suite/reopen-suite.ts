import { expect, test } from 'vitest';
import { newId, type StoreBench } from './store-fixture.ts';

export function reopenSuite(bench: StoreBench): void {
  test('a store that is closed and opened again has everything', async () => {
    const id = newId();
    await bench.converse(id, 'One?', 'First.');
    const open = await bench.ask(id, 'Two?');
    await bench.claim(open);
    const messages = await bench.store.listMessages({ conversationId: id, limit: 10 });
    const conversation = await bench.store.getConversation(id);
    await bench.store.close();
    const again = await bench.openAnother();
    expect(await again.listMessages({ conversationId: id, limit: 10 })).toEqual(messages);
    expect(await again.getConversation(id)).toEqual(conversation);
    expect(await bench.finish(open, 1)).toMatchObject({ outcome: 'stored' });
  });

  test('a wish that an answer ends outlives the store', async () => {
    const answer = await bench.ask(newId());
    await bench.claim(answer);
    await bench.requestEnd(answer);
    await bench.store.close();
    await bench.openAnother();
    expect(await bench.claim(answer)).toMatchObject({ claim: { outcome: 'exhausted', endAs: 'stopped' } });
  });

  test('two processes with one store see the same, and one key is stored once', async () => {
    const id = newId();
    const turn = { conversationId: id, clientMessageId: 'k1', content: 'Why?' };
    const one = bench.store;
    const other = await bench.openAnother();
    const turns = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? one : other).appendTurn(turn)),
    );
    expect(turns.filter(stored => stored.created)).toHaveLength(1);
    for (const store of [one, other])
      expect(await store.listMessages({ conversationId: id, limit: 10 })).toHaveLength(2);
  });
}
