import type { Message } from '@parley/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answerIdOf, messageIdOf } from '../message-ids.ts';
import { answerOf, fiftyTimes, newId, type StoreBench } from './store-fixture.ts';

export function supersedingSuite(bench: StoreBench): void {
  const all = (conversationId: string) => bench.store.listMessages({ conversationId, limit: 1000 });

  async function contextOf(answer: Message, contextMessages = 50): Promise<string[]> {
    const claimed = await bench.claim(answer, { contextMessages });
    if (claimed?.claim.outcome !== 'run') throw new Error('no run');
    return claimed.claim.context.map(({ content }) => content);
  }

  /** Asks once more for the answer to a stored turn. */
  async function askAgain(conversationId: string, replyTo: string, clientMessageId = 'again') {
    const added = await bench.store.addAnswer({ conversationId, clientMessageId, replyTo });
    if (!added) throw new Error('no conversation');
    return added;
  }

  test('a further answer comes last, open, and once under its key', async () => {
    const id = newId();
    await bench.converse(id, 'Why?', 'Because.');
    const [question, old] = await all(id);
    const before = await bench.store.getConversation(id);
    const added = await fiftyTimes(() => askAgain(id, question?.id ?? '', 'k1'));
    expect(added.filter(({ created }) => created)).toHaveLength(1);
    expect(added.every(({ enqueue }) => enqueue)).toBe(true);
    const stored = await all(id);
    expect(stored.slice(0, 2)).toEqual([question, old]);
    expect(stored.slice(2)).toEqual([added[0]?.answer]);
    expect(stored[2]).toMatchObject({
      id: answerIdOf(messageIdOf(id, 'k1')),
      role: 'assistant',
      status: 'pending',
      content: '',
      epoch: 0,
      replyTo: question?.id,
    });
    expect(stored[2]?.seq).toBeGreaterThan(old?.seq ?? 0);
    expect(await bench.store.nextAnswer(id)).toEqual(stored[2]);
    expect(await bench.store.getConversation(id)).toEqual(before);
    expect((await bench.say(id, 'Next?')).message.seq).toBeGreaterThan(stored[2]?.seq ?? 0);
  });

  test('a further answer waits for an earlier one that is open, and is not queued once it has ended', async () => {
    const id = newId();
    const turn = await bench.say(id, 'Why?');
    expect(await askAgain(id, turn.message.id)).toMatchObject({ enqueue: false, created: true });
    await bench.claim(answerOf(turn));
    await bench.finish(answerOf(turn), 1);
    const { answer, ...again } = await askAgain(id, turn.message.id);
    expect(again).toEqual({ enqueue: true, created: false });
    await bench.claim(answer);
    await bench.finish(answer, 1);
    expect(await askAgain(id, turn.message.id)).toMatchObject({ enqueue: false, created: false });
  });

  test("a key under which a further answer was asked for is no message's any more", async () => {
    const id = newId();
    await bench.converse(id, 'Why?', 'Because.');
    const [question] = await all(id);
    await askAgain(id, question?.id ?? '', 'k1');
    const before = await all(id);
    const refusal = { code: 'INVALID_REQUEST', details: [{ path: 'clientMessageId' }] };
    for (const turn of [{}, { noneOpenBefore: 0 }])
      await expect(bench.say(id, 'And how?', { ...turn, clientMessageId: 'k1' })).rejects.toMatchObject(
        refusal,
      );
    expect(await all(id)).toEqual(before);
    expect(await bench.store.listHalfTurns({ before: new Date(8e15), limit: 10 })).toEqual({ messages: [] });
  });

  test('no answer is added to a conversation that does not exist', async () => {
    const wanted = { conversationId: newId(), clientMessageId: 'k1', replyTo: 'm_1' };
    expect(await bench.store.addAnswer(wanted)).toBeUndefined();
  });

  test('a range is superseded, people and all, except for what is open', async () => {
    const id = newId();
    await bench.converse(id, 'One?', 'First.');
    await bench.converse(id, 'Two?', 'Second.');
    await bench.store.addMessage({
      conversationId: id,
      clientMessageId: 'a1',
      role: 'admin',
      content: 'I am Ana',
    });
    const open = await bench.ask(id, 'Three?');
    const last = await bench.say(id, 'Four?');
    const before = await all(id);
    const conversation = await bench.store.getConversation(id);
    const range = { fromSeq: before[2]?.seq ?? 0, beforeSeq: last.message.seq };
    const { messages: changed } = await bench.store.supersede(id, range);
    expect(changed.map(({ content, status }) => [content, status])).toEqual(
      ['Two?', 'Second.', 'I am Ana', 'Three?'].map(content => [content, 'superseded']),
    );
    const after = await all(id);
    expect(after.filter(({ status }) => status === 'superseded')).toEqual(changed);
    expect(after.filter(({ status }) => status !== 'superseded')).toEqual(
      before.filter(({ id: messageId }) => !changed.some(message => message.id === messageId)),
    );
    expect(after.filter(({ status }) => status === 'pending')).toEqual([open, last.answer]);
    expect(await bench.store.supersede(id, range)).toEqual({ messages: [], beforeSeq: range.beforeSeq });
    expect(await bench.store.getConversation(id)).toEqual(conversation);
  });

  test('another conversation is not touched', async () => {
    const other = newId();
    await bench.converse(other, 'One?', 'First.');
    const before = await all(other);
    await bench.store.supersede(newId(), { fromSeq: 0, beforeSeq: 1000 });
    expect(await all(other)).toEqual(before);
  });

  test('the context of a further answer is the conversation up to its question', async () => {
    const id = newId();
    await bench.converse(id, 'One?', 'First.');
    await bench.converse(id, 'Two?', 'Second.');
    await bench.converse(id, 'Three?', 'Third.');
    const [, , question, old] = await all(id);
    const { answer } = await askAgain(id, question?.id ?? '');
    await bench.store.supersede(id, { fromSeq: old?.seq ?? 0, beforeSeq: answer.seq });
    expect(await contextOf(answer)).toEqual(['One?', 'First.', 'Two?']);
    expect(await contextOf(answer, 1)).toEqual(['Two?']);
  });

  test('a message that replaces another is answered without it', async () => {
    const id = newId();
    await bench.converse(id, 'One?', 'First.');
    const wrong = await bench.say(id, 'Tow?');
    await bench.requestEnd(answerOf(wrong), 'superseded');
    const right = await bench.say(id, 'Two?');
    await bench.store.supersede(id, { fromSeq: wrong.message.seq, beforeSeq: right.message.seq });
    expect(await contextOf(answerOf(right))).toEqual(['One?', 'First.', 'Two?']);
  });

  test('an answer that is on its way to a worker keeps its question', async () => {
    const id = newId();
    await bench.converse(id, 'One?', 'First.');
    const answer = await bench.ask(id, 'Two?');
    await bench.store.supersede(id, { fromSeq: 1, beforeSeq: answer.seq });
    expect(await contextOf(answer)).toEqual(['Two?']);
  });

  test('an answer that completes once its question is superseded is superseded with it', async () => {
    const id = newId();
    const answer = await bench.ask(id);
    await bench.claim(answer);
    await bench.store.supersede(id, { fromSeq: 1, beforeSeq: answer.seq });
    const stored = await bench.finish(answer, 1, 'Too late.');
    expect(stored).toMatchObject({ outcome: 'stored', message: { status: 'superseded' } });
    expect(await bench.store.getMessage(id, answer.id)).toMatchObject({ status: 'superseded' });
    expect(await bench.finish(answer, 1, 'Too late.')).toEqual({ ...stored, outcome: 'repeat' });
  });

  test('an answer whose question is edited away has ended as superseded, whatever happens to it in which order', async () => {
    const steps = fc.shuffledSubarray(['stop', 'claim', 'complete', 'interrupt', 'release'] as const);
    await fc.assert(
      fc.asyncProperty(steps, steps, steps, async (first, second, third) => {
        const id = newId();
        const answer = await bench.ask(id, 'Tow?');
        const range = { fromSeq: 1, beforeSeq: (await bench.say(id, 'Two?')).message.seq };
        await bench.claim(answer);
        const go = async (said: typeof first): Promise<void> => {
          for (const step of said) await take[step](answer);
        };
        // What an edit does, and what comes in between.
        await bench.store.supersede(id, range);
        await go(first);
        await bench.requestEnd(answer, 'superseded');
        await go(second);
        await bench.store.supersede(id, range);
        await go(third);
        await bench.claim(answer);
        await take.complete(answer);
        expect(await bench.store.getMessage(id, answer.id)).toMatchObject({ status: 'superseded' });
      }),
      { numRuns: 30 },
    );
  });

  async function newestEpochOf({ conversationId, id }: Message): Promise<number> {
    return (await bench.store.getMessage(conversationId, id))?.epoch ?? 0;
  }

  const take = {
    stop: (answer: Message) => bench.requestEnd(answer, 'stopped'),
    claim: (answer: Message) => bench.claim(answer),
    complete: async (answer: Message) => bench.finish(answer, await newestEpochOf(answer)),
    interrupt: async (answer: Message) =>
      bench.finish(answer, await newestEpochOf(answer), 'Wh', 'interrupted'),
    release: async (answer: Message) =>
      bench.store.releaseAnswer(
        { conversationId: answer.conversationId, answerId: answer.id },
        await newestEpochOf(answer),
      ),
  };
}
