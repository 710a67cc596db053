import { expect, test } from 'vitest';
import { fiftyTimes, newId, type StoreBench } from './store-fixture.ts';

export function endingSuite(bench: StoreBench): void {
  test('an answer that nobody is at work on is closed at once', async () => {
    const id = newId();
    const answer = await bench.ask(id);
    const closed = await bench.requestEnd(answer, 'superseded');
    expect(closed).toMatchObject({
      outcome: 'closed',
      message: { id: answer.id, status: 'superseded', content: '', epoch: 1 },
    });
    expect(await bench.store.getMessage(id, answer.id)).toEqual(
      closed?.outcome === 'closed' ? closed.message : undefined,
    );
    expect(await bench.store.openAnswersOf(id)).toEqual([]);
    expect(await bench.claim(answer)).toEqual({ claim: { outcome: 'closed' } });
    expect(await bench.requestEnd(answer)).toEqual({ outcome: 'ended' });
  });

  test('of a running answer the wish is kept, the first one, and no claim lets it run again', async () => {
    const id = newId();
    const answer = await bench.ask(id);
    await bench.claim(answer, { maxRuns: 10 });
    const wished = { outcome: 'wished', epoch: 1, as: 'stopped' };
    expect(await bench.requestEnd(answer, 'stopped')).toEqual(wished);
    expect(await bench.requestEnd(answer, 'superseded')).toEqual(wished);
    const running = await bench.store.getMessage(id, answer.id);
    expect(running).toMatchObject({ status: 'streaming', epoch: 1 });
    expect(running).not.toHaveProperty('endAs');
    for (const epoch of [2, 3])
      expect(await bench.claim(answer, { maxRuns: 10 })).toEqual({
        claim: { outcome: 'exhausted', epoch, endAs: 'stopped' },
      });
    expect(await bench.finish(answer, 1, 'Too late.')).toEqual({ outcome: 'stale' });
    expect(await bench.finish(answer, 3, 'So far')).toMatchObject({
      outcome: 'stored',
      message: { content: 'So far' },
    });
  });

  test('an answer that is asked to end but completes first is complete', async () => {
    const id = newId();
    const answer = await bench.ask(id);
    await bench.claim(answer);
    await bench.requestEnd(answer);
    expect(await bench.finish(answer, 1, 'All of it.')).toMatchObject({
      outcome: 'stored',
      message: { status: 'complete', content: 'All of it.' },
    });
    expect(await bench.requestEnd(answer)).toEqual({ outcome: 'ended' });
    expect(await bench.store.getMessage(id, answer.id)).toMatchObject({ status: 'complete' });
  });

  test('a run that is given back after the wish is not followed by another', async () => {
    const id = newId();
    const answer = await bench.ask(id);
    const ref = { conversationId: id, answerId: answer.id };
    await bench.claim(answer);
    await bench.requestEnd(answer, 'superseded');
    expect(await bench.store.releaseAnswer(ref, 1)).toBe(true);
    expect(await bench.claim(answer)).toEqual({
      claim: { outcome: 'exhausted', epoch: 2, endAs: 'superseded' },
    });
    expect(await bench.requestEnd(answer, 'stopped')).toMatchObject({
      outcome: 'closed',
      message: { status: 'superseded', epoch: 3 },
    });
  });

  test('a wish also stands while a person answers: the text so far is not lost', async () => {
    const id = newId();
    const answer = await bench.ask(id);
    await bench.claim(answer);
    await bench.store.updateConversation(id, { mode: 'human' });
    await bench.requestEnd(answer);
    expect(await bench.claim(answer)).toMatchObject({
      claim: { outcome: 'exhausted', endAs: 'stopped' },
    });
  });

  test('the end of something that is no answer cannot be asked for', async () => {
    const id = newId();
    const { message } = await bench.say(id, 'Why?');
    expect(await bench.requestEnd(message)).toBeUndefined();
    expect(await bench.requestEnd({ ...message, id: 'a_unknown' })).toBeUndefined();
    expect(await bench.requestEnd({ ...(await bench.ask(id)), conversationId: newId() })).toBeUndefined();
    expect(await bench.store.getMessage(id, message.id)).toEqual(message);
  });

  test('50 wishes at once close an answer once', async () => {
    const ends = await bench
      .ask(newId())
      .then(answer => fiftyTimes(n => bench.requestEnd(answer, n % 2 === 0 ? 'stopped' : 'superseded')));
    expect(ends.filter(end => end?.outcome === 'closed')).toHaveLength(1);
  });

  test('after a wish and 50 claims at once, whoever runs does so in an epoch that the wish has told', async () => {
    const answer = await bench.ask(newId());
    const [end, ...claims] = await Promise.all([
      bench.requestEnd(answer),
      ...Array.from({ length: 50 }, () => bench.claim(answer, { maxRuns: 100 })),
    ]);
    const lastRun = Math.max(
      0,
      ...claims.map(stored => (stored?.claim.outcome === 'run' ? stored.claim.epoch : 0)),
    );
    if (end?.outcome === 'wished') expect(lastRun).toBeLessThanOrEqual(end.epoch);
    else expect(lastRun).toBe(0);
  });
}
