import { expect, test } from 'vitest';
import { newId, type StoreBench } from './store-fixture.ts';

const TEXTS = [
  '👩‍👩‍👧‍👦 family, 🇮🇱 flag, e\u0301 not é',
  '日本語と한국어 и кириллица',
  'שלום \u202Eright to left\u202C',
  'null\0byte, tab\t, line\r\nbreak, \u2028 separator, \uFEFF mark, \uFFFD',
  `quotes ' " \` \\ and $set {"$ne":null} %s ; DROP TABLE messages; --`,
  '𝕏'.repeat(100_000),
];

export function textSuite(bench: StoreBench): void {
  test('every text comes back exactly as it was given', async () => {
    for (const text of TEXTS) {
      const id = newId();
      await bench.converse(id, text, text);
      const stored = await bench.store.listMessages({ conversationId: id, limit: 10 });
      expect(stored.map(message => message.content)).toEqual([text, text]);
    }
  });

  test('half a surrogate pair is refused, and nothing of it is stored', async () => {
    const id = newId();
    const refused = { code: 'INVALID_REQUEST', details: [{ path: 'content' }] };
    await expect(bench.say(id, 'half \uD83D')).rejects.toMatchObject(refused);
    expect(await bench.store.getConversation(id)).toBeUndefined();
    const { message } = await bench.say(id, 'whole');
    await expect(bench.store.updateMessage(id, message.id, '\uDE00')).rejects.toMatchObject(refused);
    const note = { conversationId: id, clientMessageId: 'k1', role: 'admin', content: '\uDE00' } as const;
    await expect(bench.store.addMessage(note)).rejects.toMatchObject(refused);
    await expect(bench.store.updateConversation(id, { title: '\uD83D' })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    });
  });

  test('an answer that breaks off in half a surrogate pair is kept', async () => {
    const answer = await bench.ask(newId());
    await bench.claim(answer);
    expect(await bench.finish(answer, 1, 'Hi \uD83D')).toMatchObject({
      outcome: 'stored',
      message: { content: 'Hi \uFFFD' },
    });
  });

  test('an object where a text belongs never becomes a query', async () => {
    const id = newId();
    const { message } = await bench.say(id, 'Secret', { visitorId: 'v1' });
    const operator = { $ne: null } as unknown as string;
    const nothingOf = async (call: Promise<unknown>): Promise<void> => {
      const result = await call.catch(() => 'refused');
      expect(['refused', undefined, false]).toContainEqual(result);
    };
    await nothingOf(bench.store.getConversation(operator));
    await nothingOf(bench.store.getMessage(operator, message.id));
    await nothingOf(bench.store.getMessage(id, operator));
    await nothingOf(bench.store.updateMessage(id, operator, 'Changed'));
    await nothingOf(bench.store.updateConversation(operator, { title: 'Changed' }));
    await nothingOf(bench.store.deleteConversation(operator));
    await nothingOf(bench.store.nextAnswer(operator));
    await nothingOf(bench.store.listMessages({ conversationId: operator, limit: 10 }));
    await nothingOf(bench.store.listConversations({ limit: 10, visitorId: operator }));
    await nothingOf(bench.claim({ ...message, id: operator }));
    await nothingOf(bench.store.requestEnd({ conversationId: id, answerId: operator }, 'stopped'));
    await nothingOf(bench.store.supersede(operator, { fromSeq: 0, beforeSeq: 10 }));
    const further = { clientMessageId: 'k1', replyTo: message.id };
    await nothingOf(bench.store.addAnswer({ ...further, conversationId: operator }));
    expect(await bench.store.getMessage(id, message.id)).toEqual(message);
  });
}
