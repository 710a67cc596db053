import { expect, test } from 'vitest';
import { ProviderError, type ProviderErrorKind } from '../providers/provider-error.ts';
import { verdictOn } from './answer-verdict.ts';
import type { Ending } from './ending.ts';

const run = (ending: Ending, text: string) => ({ ...ending, text, firstTextMs: 1, mergedPieces: 0 });
const failed = (kind: ProviderErrorKind, text: string, retryAfterMs = 0) =>
  run({ reason: 'failed', error: new ProviderError(kind, 'x', { retryAfterMs }) }, text);
const more = { lastRun: false, patienceMs: 1_000 };
const last = { lastRun: true, patienceMs: 1_000 };

test.each(['stop', 'length', 'content_filter'] as const)(
  'text that ended with %s is complete',
  finishReason => {
    expect(verdictOn(run({ reason: 'complete', finishReason }, 'text'), last)).toEqual({
      action: 'finish',
      ending: { status: 'complete' },
    });
  },
);

test.each(['stop', 'length', 'content_filter'] as const)('no text with %s is an apology', finishReason => {
  expect(verdictOn(run({ reason: 'complete', finishReason }, ''), more)).toEqual({ action: 'apologize' });
});

test.each(['stopped', 'superseded'] as const)('a %s answer is kept as it is, also without text', reason => {
  for (const text of ['some', ''])
    expect(verdictOn(run({ reason }, text), more)).toEqual({ action: 'finish', ending: { status: reason } });
});

test('a replaced worker keeps silent', () => {
  expect(verdictOn(run({ reason: 'replaced' }, 'text'), more)).toEqual({ action: 'keep-silent' });
});

test.each(['cut', 'stalled', 'malformed', 'unavailable'] as const)(
  '%s is tried again while it may be',
  kind => {
    const result = failed(kind, 'part');
    expect(verdictOn(result, more)).toMatchObject({ action: 'run-again' });
    expect(verdictOn(result, last)).toEqual({ action: 'finish', ending: { status: 'interrupted' } });
    expect(verdictOn(failed(kind, ''), last)).toEqual({ action: 'apologize' });
  },
);

test('a cancelled run is left to others, even the last one', () => {
  expect(verdictOn(run({ reason: 'cancelled' }, 'part'), last)).toMatchObject({ action: 'run-again' });
});

test('a rejected request is not repeated', () => {
  expect(verdictOn(failed('rejected', ''), more)).toEqual({ action: 'apologize' });
  expect(verdictOn(failed('rejected', 'part'), more)).toEqual({
    action: 'finish',
    ending: { status: 'interrupted' },
  });
});

test('refused keys fail at once, but not in mid-answer while another run is allowed', () => {
  expect(verdictOn(failed('refused-key', ''), more)).toEqual({ action: 'apologize' });
  expect(verdictOn(failed('refused-key', 'part'), more)).toMatchObject({ action: 'run-again' });
});

test('a rate limit waits as told, but not longer than patience lasts', () => {
  expect(verdictOn(failed('rate-limited', '', 1_000), last)).toEqual({ action: 'wait', ms: 1_000 });
  expect(verdictOn(failed('rate-limited', '', 1_001), more)).toEqual({ action: 'apologize' });
  expect(verdictOn(failed('rate-limited', 'part', 10), more)).toMatchObject({ action: 'run-again' });
});

test('an answer log that fails is tried again', () => {
  expect(verdictOn(run({ reason: 'failed', error: new Error('OOM') }, ''), more)).toMatchObject({
    action: 'run-again',
  });
});
