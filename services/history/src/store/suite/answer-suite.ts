import { expect, test } from 'vitest';
import { fiftyTimes, newId, type StoreBench } from './store-fixture.ts';

export function answerSuite(bench: StoreBench): void {
  test('a claim opens a new epoch with the conversation so far, until the runs are used up', async () => {
    const id = newId();
    const answer = await bench.ask(id);
    expect(await bench.claim(answer)).toMatchObject({
      claim: { outcome: 'run', epoch: 1, lastRun: false, context: [{ role: 'user', content: 'Why?' }] },
    });
    expect(await bench.store.getMessage(id, answer.id)).toMatchObject({ status: 'streaming', epoch: 1 });
    expect(await bench.claim(answer)).toMatchObject({ claim: { outcome: 'run', epoch: 2, lastRun: true } });
    expect(await bench.claim(answer)).toEqual({ claim: { outcome: 'exhausted', epoch: 3 } });
    expect(await bench.finish(answer, 2, 'Too late.')).toEqual({ outcome: 'stale' });
    expect(await bench.finish(answer, 3, 'Cut o')).toMatchObject({ outcome: 'stored' });
    expect(await bench.claim(answer)).toEqual({ claim: { outcome: 'closed' } });
  });

  test('50 claims at once get 50 epochs, and no more runs than there are', async () => {
    const answer = await bench.ask(newId());
    const claims = await fiftyTimes(async () => (await bench.claim(answer, { maxRuns: 3 }))?.claim);
    expect(claims.filter(claim => claim?.outcome === 'run')).toHaveLength(3);
    const epochs = claims.map(claim => (claim && claim.outcome !== 'closed' ? claim.epoch : 0));
    expect(epochs.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
  });

  test('there is nothing to claim, release or finish of an answer that does not exist', async () => {
    const id = newId();
    const answer = { ...(await bench.ask(id)), id: 'a_unknown' };
    expect(await bench.claim(answer)).toBeUndefined();
    expect(await bench.store.releaseAnswer({ conversationId: id, answerId: answer.id }, 1)).toBe(false);
    expect(await bench.finish(answer, 1)).toEqual({ outcome: 'unknown' });
    expect(await bench.claim({ ...answer, conversationId: newId() })).toBeUndefined();
  });

  test('the context is the newest ended messages before the answer, oldest first', async () => {
    const id = newId();
    await bench.converse(id, 'One?', 'First.');
    await bench.converse(id, 'Two?', '');
    await bench.store.addMessage({
      conversationId: id,
      clientMessageId: 'n1',
      role: 'system',
      content: 'Ana joined',
    });
    await bench.store.addMessage({
      conversationId: id,
      clientMessageId: 'a1',
      role: 'admin',
      content: 'I am Ana',
    });
    await bench.ask(id, 'Three?');
    const answer = await bench.ask(id, 'Four?');
    await bench.ask(id, 'Five?');
    const contents = async (contextMessages: number): Promise<string[]> => {
      const claimed = await bench.claim(answer, { contextMessages, maxRuns: 10 });
      if (claimed?.claim.outcome !== 'run') throw new Error('no run');
      return claimed.claim.context.map(message => message.content);
    };
    expect(await contents(50)).toEqual([
      'One?',
      'First.',
      'Two?',
      'Ana joined',
      'I am Ana',
      'Three?',
      'Four?',
    ]);
    expect(await contents(2)).toEqual(['Three?', 'Four?']);
  });

  test('only the newest epoch is stored, and once', async () => {
    const id = newId();
    const answer = await bench.ask(id);
    expect(await bench.finish(answer, 1)).toEqual({ outcome: 'stale' });
    await bench.claim(answer);
    await bench.claim(answer);
    expect(await bench.finish(answer, 1, 'Old.')).toEqual({ outcome: 'stale' });
    const stored = await bench.store.finishAnswer({
      conversationId: id,
      answerId: answer.id,
      epoch: 2,
      status: 'complete',
      text: 'New.',
      usage: { inputTokens: 3, outputTokens: 5, cachedTokens: 1 },
    });
    expect(stored).toMatchObject({
      outcome: 'stored',
      message: {
        content: 'New.',
        status: 'complete',
        epoch: 2,
        usage: { inputTokens: 3, outputTokens: 5, cachedTokens: 1 },
      },
    });
    expect(await bench.finish(answer, 2, 'Again.')).toEqual({ ...stored, outcome: 'repeat' });
    expect(await bench.finish(answer, 1, 'Old.')).toEqual({ outcome: 'stale' });
    expect(await bench.store.openAnswersOf(id)).toEqual([]);
    expect(await bench.store.getConversation(id)).toMatchObject({ lastMessage: 'New.' });
  });

  test('50 deliveries of one finished answer at once store it once', async () => {
    const answer = await bench.ask(newId());
    await bench.claim(answer);
    const results = await fiftyTimes(() => bench.finish(answer, 1));
    expect(results.filter(({ outcome }) => outcome === 'stored')).toHaveLength(1);
    expect(results.filter(({ outcome }) => outcome === 'repeat')).toHaveLength(49);
  });

  test('a released run is given back once, and only by the newest epoch', async () => {
    const id = newId();
    const answer = await bench.ask(id);
    const ref = { conversationId: id, answerId: answer.id };
    await bench.claim(answer, { maxRuns: 1 });
    expect(await bench.store.releaseAnswer(ref, 7)).toBe(false);
    expect(await bench.store.releaseAnswer(ref, 1)).toBe(true);
    expect(await bench.store.releaseAnswer(ref, 1)).toBe(true);
    expect(await bench.store.getMessage(id, answer.id)).toMatchObject({ status: 'pending' });
    expect(await bench.claim(answer, { maxRuns: 1 })).toMatchObject({ claim: { outcome: 'run', epoch: 2 } });
    expect(await bench.claim(answer, { maxRuns: 1 })).toMatchObject({ claim: { outcome: 'exhausted' } });
    await bench.finish(answer, 3);
    expect(await bench.store.releaseAnswer(ref, 3)).toBe(false);
  });

  test('a claim while a person answers closes the answer, and what its worker still sends comes too late', async () => {
    const id = newId();
    const answer = await bench.ask(id);
    await bench.claim(answer);
    await bench.store.updateConversation(id, { mode: 'human' });
    expect(await bench.claim(answer)).toMatchObject({
      claim: { outcome: 'closed' },
      closed: { id: answer.id, status: 'superseded' },
    });
    expect(await bench.claim(answer)).toEqual({ claim: { outcome: 'closed' } });
    expect(await bench.finish(answer, 1)).toEqual({ outcome: 'stale' });
    expect(await bench.store.nextAnswer(id)).toBeUndefined();
  });

  test('a running answer may still hand over its text after a takeover', async () => {
    const id = newId();
    const answer = await bench.ask(id);
    await bench.claim(answer);
    await bench.store.updateConversation(id, { mode: 'human' });
    expect(await bench.finish(answer, 1, 'So far')).toMatchObject({ outcome: 'stored' });
  });
}
