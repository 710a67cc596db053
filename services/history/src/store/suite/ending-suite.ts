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

  test('of a running answer the wish is kept, and no claim lets it run again', async () => {
    const id = newId();
    const answer = await bench.ask(id);
    await bench.claim(answer, { maxRuns: 10 });
    const wished = { outcome: 'wished', epoch: 1, as: 'stopped' };
    for (let n = 0; n < 2; n++) expect(await bench.requestEnd(answer, 'stopped')).toEqual(wished);
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

  test('an answer that completes after it was asked to end has ended as asked', async () => {
    const id = newId();
    const answer = await bench.ask(id);
    await bench.claim(answer);
    await bench.requestEnd(answer);
    const stored = await bench.finish(answer, 1, 'All of it.');
    expect(stored).toMatchObject({
      outcome: 'stored',
      message: { status: 'stopped', content: 'All of it.' },
    });
    expect(await bench.finish(answer, 1, 'All of it.')).toEqual({ ...stored, outcome: 'repeat' });
    expect(await bench.requestEnd(answer)).toEqual({ outcome: 'ended' });
    expect(await bench.store.getMessage(id, answer.id)).toMatchObject({ status: 'stopped' });
  });

  test('an apology that was shown before the stop is no part of the answer', async () => {
    const answer = await bench.ask(newId());
    await bench.claim(answer);
    await bench.requestEnd(answer);
    expect(await bench.finish(answer, 1, 'Sorry.', 'failed')).toMatchObject({
      message: { status: 'failed' },
    });
  });

  test.each([
    ['stopped', 'superseded'],
    ['superseded', 'stopped'],
  ] as const)('an answer that is to be %s and then %s is superseded', async (first, second) => {
    const answer = await bench.ask(newId());
    await bench.claim(answer);
    await bench.requestEnd(answer, first);
    const wished = { outcome: 'wished', epoch: 1, as: 'superseded' };
    expect(await bench.requestEnd(answer, second)).toEqual(wished);
    expect(await bench.claim(answer)).toMatchObject({ claim: { outcome: 'exhausted', endAs: 'superseded' } });
    const result = await bench.finish(answer, 2, 'So far', 'stopped');
    expect(result).toMatchObject({ message: { status: 'superseded' } });
  });

  test('50 wishes and an end at once: it has ended as wished, unless it had ended before', async () => {
    const id = newId();
    const answer = await bench.ask(id);
    await bench.claim(answer);
    const ends = await Promise.all([
      ...Array.from({ length: 25 }, () => bench.requestEnd(answer, 'stopped')),
      bench.finish(answer, 1),
      ...Array.from({ length: 25 }, () => bench.requestEnd(answer, 'superseded')),
    ]);
    const weight = ['complete', 'stopped', 'superseded'];
    const wished = ends.map(end => (end?.outcome === 'wished' ? weight.indexOf(end.as) : 0));
    const { status = '' } = (await bench.store.getMessage(id, answer.id)) ?? {};
    expect(weight.indexOf(status)).toBeGreaterThanOrEqual(Math.max(...wished));
  });

  test('who has the pen is told as long as the answer is open, with the wish', async () => {
    const id = newId();
    const answer = await bench.ask(id);
    const ref = { conversationId: id, answerId: answer.id };
    await bench.claim(answer);
    expect(await bench.store.penOf(ref, 1)).toEqual({ held: true });
    await bench.requestEnd(answer);
    expect(await bench.store.penOf(ref, 1)).toEqual({ held: true, endAs: 'stopped' });
    await bench.claim(answer);
    expect(await bench.store.penOf(ref, 1)).toMatchObject({ held: false });
    expect(await bench.store.penOf(ref, 2)).toMatchObject({ held: true });
    await bench.finish(answer, 2);
    expect(await bench.store.penOf(ref, 2)).toMatchObject({ held: false });
    expect(await bench.store.penOf({ ...ref, answerId: 'a_unknown' }, 1)).toEqual({ held: false });
    expect(await bench.store.penOf({ ...ref, conversationId: newId() }, 2)).toEqual({ held: false });
  });

  test('a run is not given back after the wish: nobody would end the answer before it is claimed again', async () => {
    const id = newId();
    const answer = await bench.ask(id);
    const ref = { conversationId: id, answerId: answer.id };
    await bench.claim(answer);
    await bench.requestEnd(answer, 'superseded');
    for (let n = 0; n < 2; n++) expect(await bench.store.releaseAnswer(ref, 1)).toBe(false);
    expect(await bench.store.penOf(ref, 1)).toEqual({ held: true, endAs: 'superseded' });
    expect(await bench.claim(answer)).toEqual({
      claim: { outcome: 'exhausted', epoch: 2, endAs: 'superseded' },
    });
  });

  test('a wish and a release at once: it is closed, or its worker is told', async () => {
    const id = newId();
    for (let round = 0; round < 20; round++) {
      const answer = await bench.ask(id);
      await bench.claim(answer);
      const [end, released] = await Promise.all([
        bench.requestEnd(answer),
        bench.store.releaseAnswer({ conversationId: id, answerId: answer.id }, 1),
      ]);
      expect(end?.outcome).toBe(released ? 'closed' : 'wished');
      await bench.finish(answer, 1);
    }
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
