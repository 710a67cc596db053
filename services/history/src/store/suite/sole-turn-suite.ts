import type { StoredTurn } from '../conversation-store.ts';
import { expect, test } from 'vitest';
import { answerOf, fiftyTimes, newId, type StoreBench } from './store-fixture.ts';

const ANY = Number.MAX_SAFE_INTEGER;
const keyOf = (content: string): string => content.replace(/\W/g, '-');
const REFUSED = { code: 'ANSWER_IN_PROGRESS', retryAfterMs: 1000 };

export function soleTurnSuite(bench: StoreBench): void {
  const sayAlone = (id: string, content: string, clientMessageId = keyOf(content), noneOpenBefore = ANY) =>
    bench.say(id, content, { clientMessageId, noneOpenBefore });

  const contentsOf = async (conversationId: string): Promise<string[]> =>
    (await bench.store.listMessages({ conversationId, limit: 1000 })).map(({ content }) => content);

  async function answered(turn: StoredTurn): Promise<void> {
    await bench.claim(answerOf(turn));
    await bench.finish(answerOf(turn), 1);
  }

  test('50 turns at once that want to be alone: one is stored, the others are refused and leave nothing', async () => {
    const id = newId();
    for (let round = 1; round <= 3; round++) {
      const said = await Promise.allSettled(
        Array.from({ length: 50 }, (_, n) => sayAlone(id, `${round}.${n}?`)),
      );
      const stored = said.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []));
      const refused = said.flatMap(result =>
        result.status === 'rejected' ? [result.reason as unknown] : [],
      );
      expect(stored).toHaveLength(1);
      expect(refused).toHaveLength(49);
      for (const reason of refused) expect(reason).toMatchObject(REFUSED);
      const [turn] = stored;
      if (!turn) return;
      expect(turn).toMatchObject({ created: true, enqueue: true });
      expect(await contentsOf(id)).toHaveLength(2 * round);
      expect(await bench.store.getConversation(id)).toMatchObject({ lastMessage: turn.message.content });
      await answered(turn);
    }
    const [first] = await contentsOf(id);
    expect(await bench.store.getConversation(id)).toMatchObject({ title: first });
  });

  test('a turn that is alone is stored once, however often it is sent', async () => {
    const id = newId();
    const turns = await fiftyTimes(() => sayAlone(id, 'Why?'));
    expect(turns.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(turns.map(turn => `${turn.message.id} ${answerOf(turn).id}`)).size).toBe(1);
    expect(await contentsOf(id)).toEqual(['Why?', '']);
    await expect(sayAlone(id, 'Really?')).rejects.toMatchObject(REFUSED);
    expect(await sayAlone(id, 'Why?')).toMatchObject({ created: false, enqueue: true });
  });

  test('any open answer before it refuses it, also one of a turn that may have company', async () => {
    const id = newId();
    const turn = await bench.say(id, 'One?');
    await expect(sayAlone(id, 'Two?')).rejects.toMatchObject(REFUSED);
    await bench.claim(answerOf(turn));
    await expect(sayAlone(id, 'Two?')).rejects.toMatchObject(REFUSED);
    await bench.finish(answerOf(turn), 1);
    expect(await sayAlone(id, 'Two?')).toMatchObject({ created: true });
    expect((await sayAlone(newId(), 'Elsewhere?')).created).toBe(true);
  });

  test('what is open from a place on is not in its way', async () => {
    const id = newId();
    const first = await sayAlone(id, 'One?');
    const edited = await sayAlone(id, 'Uno?', 'edit', first.message.seq);
    expect(edited.created).toBe(true);
    await expect(sayAlone(id, 'Duo?', 'again', edited.message.seq)).rejects.toMatchObject(REFUSED);
    await bench.requestEnd(answerOf(first), 'superseded');
    await expect(sayAlone(id, 'Two?')).rejects.toMatchObject(REFUSED);
    await answered(edited);
    expect(await sayAlone(id, 'Two?')).toMatchObject({ created: true });
  });

  test('while a person answers, nothing is in its way', async () => {
    const id = newId();
    await bench.store.createConversation({ conversationId: id });
    await bench.store.updateConversation(id, { mode: 'human' });
    await fiftyTimes(n => sayAlone(id, `${n}!`));
    expect(await contentsOf(id)).toHaveLength(50);
  });
}
