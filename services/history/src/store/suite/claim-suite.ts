import { expect, test } from 'vitest';
import { fiftyTimes, newId, type StoreBench } from './store-fixture.ts';

/** A reply can be lost: whoever asks again must not use a run up for each time. */
export function claimSuite(bench: StoreBench): void {
  test('a claim that is made again under its id gives the same epoch and context, and counts once', async () => {
    const answer = await bench.ask(newId());
    const claimed = await bench.claim(answer, { claimId: 'x' });
    expect(claimed).toMatchObject({ claim: { outcome: 'run', epoch: 1, lastRun: false } });
    expect(await bench.claim(answer, { claimId: 'x' })).toEqual(claimed);
    expect(await bench.claim(answer, { claimId: 'y' })).toMatchObject({
      claim: { outcome: 'run', epoch: 2, lastRun: true },
    });
    const exhausted = { claim: { outcome: 'exhausted', epoch: 3 } };
    expect(await bench.claim(answer, { claimId: 'z' })).toEqual(exhausted);
    expect(await bench.claim(answer, { claimId: 'z' })).toEqual(exhausted);
    expect(await bench.finish(answer, 3, 'Cut o')).toMatchObject({ outcome: 'stored' });
    expect(await bench.claim(answer, { claimId: 'z' })).toEqual({ claim: { outcome: 'closed' } });
  });

  test('the last run is still a run when its claim is made again', async () => {
    const answer = await bench.ask(newId());
    const claimed = await bench.claim(answer, { claimId: 'x', maxRuns: 1 });
    expect(claimed).toMatchObject({ claim: { outcome: 'run', epoch: 1, lastRun: true } });
    expect(await bench.claim(answer, { claimId: 'x', maxRuns: 1 })).toEqual(claimed);
  });

  test('a claim behind which a newer one was made is a new one: two never hold one epoch', async () => {
    const answer = await bench.ask(newId());
    const epochs: unknown[] = [];
    for (const claimId of ['x', 'y', 'x']) {
      const stored = await bench.claim(answer, { claimId, maxRuns: 10 });
      if (stored && stored.claim.outcome !== 'closed') epochs.push(stored.claim.epoch);
    }
    expect(epochs).toEqual([1, 2, 3]);
  });

  test('one claim 50 times at once is one run in one epoch', async () => {
    const answer = await bench.ask(newId());
    const claims = await fiftyTimes(() => bench.claim(answer, { claimId: 'x' }));
    for (const claimed of claims) expect(claimed).toEqual(claims[0]);
    expect(await bench.claim(answer)).toMatchObject({ claim: { outcome: 'run', epoch: 2, lastRun: true } });
  });

  test('a claim that is made again after the wish that its answer ends gives no leave to run', async () => {
    const answer = await bench.ask(newId());
    await bench.claim(answer, { claimId: 'x' });
    await bench.requestEnd(answer, 'stopped');
    expect(await bench.claim(answer, { claimId: 'x' })).toEqual({
      claim: { outcome: 'exhausted', epoch: 1, endAs: 'stopped' },
    });
  });
}
