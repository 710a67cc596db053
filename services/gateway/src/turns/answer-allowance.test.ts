import { ParleyError } from '@parley/contracts';
import type { HistoryClient } from '@parley/platform';
import { expect, test } from 'vitest';
import { AnswerAllowance, type AllowanceDependencies } from './answer-allowance.ts';

const asker = { ipAddress: '192.0.2.1' };
const wish = { conversationId: 'c', clientMessageId: 'k' };

interface Limits {
  readonly isQueueFull?: boolean;
  readonly spentForMs?: number;
  readonly isFull?: boolean;
  /** What history says. */
  readonly needed?: boolean | ParleyError;
}

/** An allowance at its limits, and what came of it. */
function at({ isQueueFull = false, spentForMs = 0, isFull = false, needed = true }: Limits) {
  const calls: unknown[] = [];
  const refused: string[] = [];
  const places = { kept: 0, givenBack: 0 };
  const place = {
    rank: 0,
    keepFor: () => void (places.kept += 1),
    giveBack: () => void (places.givenBack += 1),
  };
  const history = {
    call: (...call: unknown[]) => {
      calls.push(call);
      return needed instanceof ParleyError ? Promise.reject(needed) : Promise.resolve({ needed });
    },
  } as unknown as HistoryClient;
  const deps: AllowanceDependencies = {
    history,
    depth: { isFull: isQueueFull },
    budget: { spentForMs: () => Promise.resolve(spentForMs) },
    openAnswers: { take: () => Promise.resolve(isFull ? undefined : place) },
    onRefused: because => refused.push(because),
  };
  return { allowance: new AnswerAllowance(deps), history, calls, refused, places, place };
}

const LIMITS = [
  ['a spent budget', { spentForMs: 1_000 }, { code: 'BUDGET_SPENT', retryAfterMs: 1_000 }, 'budget'],
  [
    'too many open answers',
    { isFull: true },
    { code: 'RATE_LIMIT_EXCEEDED', retryAfterMs: 5_000 },
    'open answers',
  ],
  ['both', { isFull: true, spentForMs: 1_000 }, { code: 'BUDGET_SPENT' }, 'budget'],
] as const;

test('within the limits there is a place, and history is not asked', async () => {
  const { allowance, place, calls, refused } = at({});
  expect(await allowance.take(asker, wish)).toBe(place);
  expect([...calls, ...refused]).toEqual([]);
});

test.each(LIMITS)(
  '%s refuses a new answer, is counted once and costs one call',
  async (_, limits, error, reason) => {
    const { allowance, calls, refused, places } = at(limits);
    const retry = { ...wish, answerId: 'a_1' };
    await expect(allowance.take(asker, retry)).rejects.toMatchObject(error);
    expect(calls).toEqual([['needsAnswer', retry]]);
    expect(refused).toEqual([reason]);
    expect(places).toEqual({ kept: 0, givenBack: 'isFull' in limits ? 0 : 1 });
  },
);

test.each(LIMITS)('%s refuses nobody who needs no new answer, and nothing is counted', async (_, limits) => {
  const { allowance, refused, place, places } = at({ ...limits, needed: false });
  const without = await allowance.take(asker, wish);
  expect(without).not.toBe(place);
  without.giveBack();
  without.keepFor(undefined);
  expect(refused).toEqual([]);
  expect(places).toEqual({ kept: 0, givenBack: 'isFull' in limits ? 0 : 1 });
});

test('a full queue refuses everybody, at no cost', async () => {
  const { allowance, calls, refused } = at({ isQueueFull: true, needed: false });
  await expect(allowance.take(asker, wish)).rejects.toMatchObject({ code: 'BUSY', retryAfterMs: 5_000 });
  expect(calls).toEqual([]);
  expect(refused).toEqual(['queue']);
});

test('a history that cannot be reached says so; one that does not know the call changes nothing', async () => {
  const away = at({ isFull: true, needed: new ParleyError('HISTORY_UNAVAILABLE') });
  await expect(away.allowance.take(asker, wish)).rejects.toMatchObject({ code: 'HISTORY_UNAVAILABLE' });
  expect(away.refused).toEqual([]);
  const older = at({ isFull: true, needed: new ParleyError('NOT_FOUND') });
  await expect(older.allowance.take(asker, wish)).rejects.toMatchObject({ code: 'RATE_LIMIT_EXCEEDED' });
});

test('the budget and the place are asked for at once: a Redis that hangs costs one timeout', async () => {
  const { history, place, refused } = at({});
  const [askedForPlace, askedForBudget] = [Promise.withResolvers<true>(), Promise.withResolvers<true>()];
  const allowance = new AnswerAllowance({
    history,
    depth: { isFull: false },
    // Each answers when the other has been asked.
    budget: {
      spentForMs: async () => {
        askedForBudget.resolve(true);
        await askedForPlace.promise;
        return 0;
      },
    },
    openAnswers: {
      take: async () => {
        askedForPlace.resolve(true);
        await askedForBudget.promise;
        return place;
      },
    },
    onRefused: because => refused.push(because),
  });
  expect(await allowance.take(asker, wish)).toBe(place);
});
