import { expect, test } from 'vitest';
import { newId, type StoreBench } from './store-fixture.ts';

export function conversationSuite(bench: StoreBench): void {
  test('a conversation takes its title from the first user message and its preview from the newest', async () => {
    const id = newId();
    const long = 'x'.repeat(60);
    await bench.say(id, long);
    expect(await bench.store.getConversation(id)).toMatchObject({
      title: `${'x'.repeat(50)}...`,
      lastMessage: long,
    });
    await bench.say(id, 'y'.repeat(300));
    expect(await bench.store.getConversation(id)).toMatchObject({
      title: `${'x'.repeat(50)}...`,
      lastMessage: `${'y'.repeat(200)}…`,
    });
  });

  test('a conversation created without a message gets its title later', async () => {
    const id = newId();
    const { conversation } = await bench.store.createConversation({ conversationId: id });
    expect(conversation).toMatchObject({ title: '', mode: 'ai' });
    expect(conversation.lastMessage).toBeUndefined();
    await bench.say(id, 'Hello');
    expect(await bench.store.getConversation(id)).toMatchObject({ title: 'Hello' });
  });

  test('creating a conversation that exists finds it; its visitor stays who it was', async () => {
    const id = newId();
    const wanted = { conversationId: id, visitorId: 'v1', userAgent: 'Test/1.0', ipAddress: '::1' };
    const first = await bench.store.createConversation(wanted);
    expect(first).toMatchObject({
      created: true,
      conversation: { visitorId: 'v1', userAgent: 'Test/1.0', ipAddress: '::1' },
    });
    expect(await bench.store.createConversation({ ...wanted, visitorId: 'v2' })).toEqual({
      conversation: first.conversation,
      created: false,
    });
    await bench.say(id, 'Hello', { visitorId: 'v3' });
    expect(await bench.store.getConversation(id)).toMatchObject({ visitorId: 'v1' });
  });

  test('a turn creates its conversation with the visitor', async () => {
    const id = newId();
    await bench.say(id, 'Hello', { visitorId: 'v1', userAgent: 'Test/1.0' });
    expect(await bench.store.getConversation(id)).toMatchObject({ visitorId: 'v1', userAgent: 'Test/1.0' });
  });

  test('title and mode can be changed one by one', async () => {
    const id = newId();
    await bench.say(id, 'Hello');
    expect(await bench.store.updateConversation(id, { title: 'Greeting' })).toMatchObject({
      title: 'Greeting',
      mode: 'ai',
    });
    expect(await bench.store.updateConversation(id, { mode: 'human' })).toMatchObject({
      title: 'Greeting',
      mode: 'human',
    });
    expect(await bench.store.updateConversation(newId(), { mode: 'human' })).toBeUndefined();
    expect(await bench.store.getConversation('unknown')).toBeUndefined();
  });

  test('lists show the conversation with the newest message first, page by page', async () => {
    const ids = Array.from({ length: 5 }, newId);
    for (const id of ids) await bench.store.createConversation({ conversationId: id });
    const [oldest = ''] = ids;
    await bench.converse(oldest, 'Hello', 'Good day.');
    const expected = [oldest, ...ids.slice(1).reverse()];
    const seen: string[] = [];
    let before: string | undefined;
    do {
      const page = await bench.store.listConversations({ limit: 2, before });
      seen.push(...page.conversations.map(conversation => conversation.id));
      before = page.next;
    } while (before !== undefined);
    expect(seen).toEqual(expected);
    expect((await bench.store.listConversations({ limit: 5 })).next).toBeUndefined();
  });

  test('lists can be narrowed to one visitor', async () => {
    const mine = Array.from({ length: 3 }, newId);
    for (const id of mine) {
      await bench.store.createConversation({ conversationId: id, visitorId: 'me' });
      await bench.store.createConversation({ conversationId: newId(), visitorId: 'you' });
    }
    const first = await bench.store.listConversations({ limit: 2, visitorId: 'me' });
    const second = await bench.store.listConversations({ limit: 2, visitorId: 'me', before: first.next });
    expect([...first.conversations, ...second.conversations].map(({ id }) => id)).toEqual(mine.reverse());
  });

  test('a cursor that nobody has given out is refused', async () => {
    for (const before of ['nonsense', Buffer.from('[{"$gt":""},"x"]').toString('base64url')])
      await expect(bench.store.listConversations({ limit: 2, before })).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
      });
  });

  test('a deleted conversation takes its messages along, and its id can be used anew', async () => {
    const id = newId();
    const other = newId();
    const answer = await bench.ask(id);
    await bench.say(other, 'Stays');
    expect(await bench.store.deleteConversation(id)).toBe(true);
    expect(await bench.store.deleteConversation(id)).toBe(false);
    expect(await bench.store.getConversation(id)).toBeUndefined();
    expect(await bench.store.listMessages({ conversationId: id, limit: 10 })).toEqual([]);
    expect(await bench.store.getMessage(id, answer.id)).toBeUndefined();
    expect(await bench.claim(answer)).toBeUndefined();
    expect(await bench.finish(answer, 1)).toEqual({ outcome: 'unknown' });
    await bench.say(id, 'Anew');
    expect(await bench.store.listMessages({ conversationId: id, limit: 10 })).toHaveLength(2);
    expect(await bench.store.listMessages({ conversationId: other, limit: 10 })).toHaveLength(2);
  });
}
