import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnswerScript, StreamedAnswer } from './answer-script.ts';
import { answer, failure, generatedPieces, pieces } from './answer-script.ts';
import { cutAfter } from './stream-fault.ts';

describe('answer', () => {
  test('cuts any text into words or slices that join to the same text', () => {
    const sizes = fc.oneof(fc.constant('word' as const), fc.integer({ min: 1, max: 7 }));
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), sizes, (text, piece) => {
        expect(deltasOf(answer(text, { piece })).join('')).toBe(text);
      }),
    );
  });

  test('keeps the space in front of a word with it, as models do', () => {
    expect(deltasOf(answer('One  two\nthree '))).toEqual(['One', '  two', '\nthree', ' ']);
  });

  test('counts a piece in UTF-16 code units, through surrogate pairs', () => {
    expect(deltasOf(answer('a😀b', { piece: 2 }))).toEqual(['a\ud83d', '\ude00b']);
  });

  test('refuses pieces of no size', () => {
    expect(() => answer('text', { piece: 0 })).toThrow(RangeError);
  });
});

describe('pieces', () => {
  test('refuses a fault behind the last piece, which would never happen', () => {
    expect(() => pieces(['a', 'b'], { faults: [cutAfter(3)] })).toThrow(
      'cut after 3 pieces of an answer of 2',
    );
    expect(() => pieces(['a', 'b'], { faults: [cutAfter(2)] })).not.toThrow();
  });

  test('can be made one by one', () => {
    expect(deltasOf(generatedPieces(3, index => `${index};`))).toEqual(['0;', '1;', '2;']);
  });
});

test('a failure takes its type from the status unless told', () => {
  expect(failure(500)).toMatchObject({ status: 500, error: { code: null, type: 'server_error' } });
  expect(failure(429, { type: 'requests', code: 'rate_limit_exceeded' })).toMatchObject({
    error: { type: 'requests', code: 'rate_limit_exceeded' },
  });
});

function deltasOf(script: AnswerScript): (string | undefined)[] {
  const { pieces: source } = script as StreamedAnswer;
  return Array.from({ length: source.length }, (_, index) => source.at(index));
}
