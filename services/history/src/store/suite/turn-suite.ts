import { expect, test } from 'vitest';
import { answerOf, fiftyTimes, newId, type StoreBench } from './store-fixture.ts';

export function turnSuite(bench: StoreBench): void {
  test('a turn stores the message and a pending answer right after it', async () => {
    const id = newId();
    const turn = await bench.say(id, 'Why?', { clientMessageId: 'k1' });
    expect(turn).toMatchObject({ enqueue: true, created: true });
    expect(turn.message).toMatchObject({
      role: 'user',
      content: 'Why?',
      status: 'complete',
      clientMessageId: 'k1',
    });
    expect(turn.answer).toMatchObject({
      role: 'assistant',
      content: '',
      status: 'pending',
      epoch: 0,
      replyTo: turn.message.id,
      seq: turn.message.seq + 1,
    });
    expect(await bench.store.listMessages({ conversationId: id, limit: 10 })).toEqual([
      turn.message,
      turn.answer,
    ]);
  });

  test('a turn sent again is the same turn and changes nothing', async () => {
    const id = newId();
    const first = await bench.say(id, 'Why?', { clientMessageId: 'k1' });
    await bench.say(id, 'Really?', { clientMessageId: 'k2' });
    const before = await bench.store.getConversation(id);
    const again = await bench.say(id, 'Why?', { clientMessageId: 'k1' });
    expect(again).toEqual({ ...first, created: false });
    expect(await bench.store.getConversation(id)).toEqual(before);
  });

  test('a key is unique within its conversation only', async () => {
    const one = await bench.say(newId(), 'Why?', { clientMessageId: 'k1' });
    const other = await bench.say(newId(), 'Why?', { clientMessageId: 'k1' });
    expect(other.created).toBe(true);
    expect(other.message.id).not.toBe(one.message.id);
  });

  test('50 sends of one key at once store one message and one answer, and one of them is told so', async () => {
    const id = newId();
    const turns = await fiftyTimes(() => bench.say(id, 'Why?', { clientMessageId: 'k1' }));
    expect(turns.filter(turn => turn.created)).toHaveLength(1);
    expect(new Set(turns.map(turn => `${turn.message.id} ${answerOf(turn).id}`)).size).toBe(1);
    const stored = await bench.store.listMessages({ conversationId: id, limit: 1000 });
    expect(stored.map(message => message.role)).toEqual(['user', 'assistant']);
    expect(stored[1]?.replyTo).toBe(stored[0]?.id);
  });

  test('50 sends at once get places of their own, and every answer comes right after its question', async () => {
    const id = newId();
    const turns = await fiftyTimes(n => bench.say(id, `Question ${n}`));
    expect(turns.every(turn => turn.created)).toBe(true);
    const stored = await bench.store.listMessages({ conversationId: id, limit: 1000 });
    expect(stored).toHaveLength(100);
    const seqs = stored.map(message => message.seq);
    expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
    for (const [index, message] of stored.entries())
      if (message.role === 'user')
        expect(stored[index + 1]).toMatchObject({ replyTo: message.id, seq: message.seq + 1 });
    const first = turns.find(turn => turn.message.id === stored[0]?.id);
    expect(first?.enqueue).toBe(true);
  });

  test('an answer waits while an earlier one of its conversation is open', async () => {
    const id = newId();
    const first = await bench.ask(id, 'One?');
    const second = await bench.say(id, 'Two?');
    expect(second.enqueue).toBe(false);
    expect(await bench.store.nextAnswer(id)).toMatchObject({ id: first.id });
    await bench.claim(first);
    await bench.finish(first, 1);
    expect(await bench.store.nextAnswer(id)).toEqual(second.answer);
    expect((await bench.say(newId(), 'Elsewhere?')).enqueue).toBe(true);
  });

  test('a turn whose answer has ended is not to be queued again', async () => {
    const id = newId();
    const turn = await bench.say(id, 'Why?', { clientMessageId: 'k1' });
    await bench.claim(answerOf(turn));
    await bench.finish(answerOf(turn), 1);
    const again = await bench.say(id, 'Why?', { clientMessageId: 'k1' });
    expect(again).toMatchObject({ enqueue: false, created: false, answer: { status: 'complete' } });
  });

  test('while a person answers, a turn asks for no answer', async () => {
    const id = newId();
    await bench.store.createConversation({ conversationId: id });
    await bench.store.updateConversation(id, { mode: 'human' });
    const turn = await bench.say(id, 'Anybody there?', { clientMessageId: 'k1' });
    expect(turn).toMatchObject({ enqueue: false, created: true });
    expect(turn.answer).toBeUndefined();
    expect(await bench.say(id, 'Anybody there?', { clientMessageId: 'k1' })).toEqual({
      ...turn,
      created: false,
    });
    await bench.store.updateConversation(id, { mode: 'ai' });
    expect((await bench.say(id, 'And now?')).enqueue).toBe(true);
  });

  test('completing a whole turn changes nothing', async () => {
    const turn = await bench.say(newId(), 'Why?');
    expect(await bench.store.completeTurn(turn.message)).toEqual({ ...turn, created: false });
  });

  test('a turn whose conversation is gone cannot be completed', async () => {
    const id = newId();
    const turn = await bench.say(id, 'Why?');
    await bench.store.deleteConversation(id);
    expect(await bench.store.completeTurn(turn.message)).toBeUndefined();
    expect(await bench.store.listMessages({ conversationId: id, limit: 10 })).toEqual([]);
  });
}
