import fc from 'fast-check';
import { expect, test } from 'vitest';
import { previewOf, titleFrom } from './conversation.ts';

test('a short first message is the title', () => {
  expect(titleFrom('x'.repeat(50))).toBe('x'.repeat(50));
});

test('a longer one is cut to 50 characters with three dots', () => {
  expect(titleFrom('x'.repeat(51))).toBe(`${'x'.repeat(50)}...`);
});

test('no title or preview ends in half a character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), text => {
      expect(titleFrom(text).isWellFormed()).toBe(true);
      expect(previewOf(text).isWellFormed()).toBe(true);
    }),
  );
});
