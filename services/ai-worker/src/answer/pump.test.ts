import fc from 'fast-check';
import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { ManualClock } from '../../test/manual-clock.ts';
import { MemoryLog } from '../../test/memory-log.ts';
import { ProviderError } from '../providers/provider-error.ts';
import type { OnText } from '../providers/provider.ts';
import { pump, type PumpOptions, type PumpResult } from './pump.ts';

interface Setup {
  readonly clock: ManualClock;
  readonly log: MemoryLog;
  readonly result: Promise<PumpResult>;
  readonly hint: () => void;
  /** Set once the source has been told to stop. */
  readonly aborted: () => boolean;
  readonly hintListeners: () => number;
  readonly refusals: readonly string[];
}

const LIMITS = { firstTextMs: 100, idleMs: 50, totalMs: 10_000, maxChars: 1_000 };
const STOP = { reason: 'stop' } as const;

function start(source: PumpOptions['source'], options: Partial<PumpOptions> = {}): Setup {
  const clock = new ManualClock();
  const log = new MemoryLog();
  const hints = new Set<() => void>();
  const refusals: string[] = [];
  let seen: AbortSignal | undefined;
  const result = pump({
    source: (signal, onText) => {
      seen = signal;
      return source(signal, onText);
    },
    sink: log,
    signal: new AbortController().signal,
    limits: LIMITS,
    clock,
    atOnce: () => 1,
    onFenceHint: listener => {
      hints.add(listener);
      return () => hints.delete(listener);
    },
    onRefused: refusal => refusals.push(refusal.by),
    ...options,
  });
  return {
    clock,
    log,
    result,
    hint: () => hints.forEach(listener => listener()),
    aborted: () => seen?.aborted ?? false,
    hintListeners: () => hints.size,
    refusals,
  };
}

const silence = (): Promise<never> => new Promise<never>(() => undefined);
const says =
  (...pieces: string[]) =>
  async (_signal: AbortSignal, onText: OnText) => {
    for (const piece of pieces) await onText(piece);
    return STOP;
  };
/** Says something and then nothing for ever. */
const hangsAfter =
  (...pieces: string[]) =>
  (_signal: AbortSignal, onText: OnText) => {
    for (const piece of pieces) void onText(piece);
    return silence();
  };
/** Lets everything that is already decided happen. */
const settled = () => new Promise(resolve => setImmediate(resolve));

test('text out is text in, whatever the cuts', async () => {
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 9 }), async (whole, size) => {
      const pieces = Array.from({ length: Math.ceil(whole.length / size) }, (_, index) =>
        whole.slice(index * size, (index + 1) * size),
      );
      const { result, log } = start(says(...pieces));
      expect(await result).toMatchObject({ reason: 'complete', text: whole.toWellFormed() });
      expect(log.text).toBe(whole.toWellFormed());
    }),
  );
});

test('is complete with the reason and the usage that the provider told', async () => {
  const usage = { inputTokens: 3, outputTokens: 5 };
  const { result, clock, hintListeners } = start(async (_signal, onText) => {
    await onText('hi');
    return { reason: 'length', usage };
  });
  expect(await result).toMatchObject({ reason: 'complete', finishReason: 'length', usage, text: 'hi' });
  expect(clock.pending).toBe(0);
  expect(hintListeners()).toBe(0);
});

test('a provider that fails leaves the text so far, all of it shown', async () => {
  const error = new ProviderError('cut', 'gone');
  const { result, log } = start(async (_signal, onText) => {
    await settled();
    log.hold();
    void onText('a');
    void onText('b');
    setImmediate(() => log.release());
    throw error;
  });
  expect(await result).toMatchObject({ reason: 'failed', error, text: 'ab' });
  expect(log.text).toBe('ab');
});

test('a source that throws before it begins is a failure, too', async () => {
  const error = new Error('no');
  expect(await start(() => Promise.reject(error)).result).toMatchObject({
    reason: 'failed',
    error,
    text: '',
  });
});

test('no first text in time: stalled, and the provider is told to stop', async () => {
  const { result, clock, aborted } = start(silence);
  clock.advance(100);
  expect(await result).toMatchObject({
    reason: 'failed',
    error: { kind: 'stalled' },
    firstTextMs: undefined,
  });
  expect(aborted()).toBe(true);
  expect(clock.pending).toBe(0);
});

test('silence in mid-answer: stalled, with the text so far', async () => {
  const { result, clock, aborted } = start(hangsAfter('so ', 'far'));
  clock.advance(50);
  expect(await result).toMatchObject({ reason: 'failed', error: { kind: 'stalled' }, text: 'so far' });
  expect(aborted()).toBe(true);
});

test('stopped: ends with what was taken, and the provider is told to stop', async () => {
  const { result, log, aborted, hint } = start(hangsAfter('shown'));
  await settled();
  log.state = 'stopping';
  hint();
  expect(await result).toMatchObject({ reason: 'stopped', text: 'shown' });
  expect(aborted()).toBe(true);
});

test.each(['finished', 'replaced'] as const)('%s: ends in silence', async how => {
  const { result, log, aborted, hint } = start(hangsAfter('shown'));
  await settled();
  if (how === 'replaced') log.replaced = true;
  else log.state = how;
  hint();
  expect(await result).toMatchObject({ reason: 'replaced' });
  expect(aborted()).toBe(true);
});

test('a fence found by the last piece changes a complete answer', async () => {
  const { result, log } = start(async (_signal, onText) => {
    void onText('a');
    await settled();
    log.state = 'stopping';
    void onText('b');
    return STOP;
  });
  expect(await result).toMatchObject({ reason: 'stopped', text: 'a' });
});

test('an emptied log is restored and the answer goes on', async () => {
  const { result, log } = start(async (_signal, onText) => {
    void onText('before ');
    await settled();
    log.text = undefined;
    void onText('after');
    return STOP;
  });
  expect(await result).toMatchObject({ reason: 'complete', text: 'before after' });
  expect(log.text).toBe('before after');
});

test('a log that fails is a failure of the run', async () => {
  const { result, log } = start(hangsAfter('a'));
  log.error = new Error('OOM command not allowed');
  expect(await result).toMatchObject({ reason: 'failed', error: log.error, text: '' });
});

test('cancelled: ends at once, even with an append that never returns, and listens no longer', async () => {
  const controller = new AbortController();
  const { result, log, aborted, clock } = start(hangsAfter('a', 'b'), { signal: controller.signal });
  log.hold();
  controller.abort();
  expect(await result).toMatchObject({ reason: 'cancelled' });
  expect(aborted()).toBe(true);
  expect(clock.pending).toBe(0);
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
});

test('a write that is refused after the end is still told', async () => {
  const controller = new AbortController();
  const { result, log, refusals } = start(
    async (_signal, onText) => {
      await settled();
      log.hold();
      void onText('late');
      return silence();
    },
    { signal: controller.signal },
  );
  await settled();
  log.replaced = true;
  controller.abort();
  await result;
  expect(refusals).toEqual([]);
  log.release();
  await settled();
  expect(refusals).toEqual(['replaced']);
});

test('cancelled before it begins: the provider is not asked', async () => {
  let asked = false;
  const { result } = start(
    () => {
      asked = true;
      return silence();
    },
    { signal: AbortSignal.abort() },
  );
  expect(await result).toMatchObject({ reason: 'cancelled', text: '' });
  expect(asked).toBe(false);
});

test('an answer that is too long ends there, complete', async () => {
  const { result, aborted } = start(hangsAfter('x'.repeat(600), 'y'.repeat(600)));
  const { text, ...end } = await result;
  expect(end).toMatchObject({ reason: 'complete', finishReason: 'length' });
  expect(text).toBe('x'.repeat(600) + 'y'.repeat(400));
  expect(aborted()).toBe(true);
});

test('reading waits while the log is slow, and that is not held against the provider', async () => {
  const read: string[] = [];
  const { result, log, clock } = start(
    async (_signal, onText) => {
      await settled();
      log.hold();
      for (let index = 0; index < 40; index++) {
        const piece = String(index % 10).repeat(5_000);
        const room = onText(piece);
        read.push(piece);
        await room;
      }
      return STOP;
    },
    { limits: { ...LIMITS, maxChars: 1_000_000 } },
  );
  await settled();
  await settled();
  expect(read.length).toBeGreaterThan(0);
  expect(read.length).toBeLessThan(20);
  clock.advance(5_000);
  log.release();
  expect(await result).toMatchObject({ reason: 'complete', text: read.join('') });
  expect(read).toHaveLength(40);
});

test('what a provider says after the end is not heard', async () => {
  let late: OnText | undefined;
  const { result, log } = start(async (_signal, onText) => {
    late = onText;
    await onText('the end');
    return STOP;
  });
  await result;
  expect(late?.(' and more')).toBeUndefined();
  await settled();
  expect(log.text).toBe('the end');
});
