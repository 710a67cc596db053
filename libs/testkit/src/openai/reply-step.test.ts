import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ReplyStep } from './reply-step.ts';
import { inWritesOf } from './reply-step.ts';

test('writes of n bytes are the same bytes, each of n but the one before a pause and the last', () => {
  const texts = fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 6 });
  fc.assert(
    fc.property(texts, fc.integer({ min: 1, max: 9 }), (written, size) => {
      const steps: ReplyStep[] = written.map(data => ({ kind: 'write', data }));
      const cut = [...inWritesOf(size, [...steps, { kind: 'end', data: '.' }])];
      expect(bytesOf(cut).toString()).toBe(`${written.join('')}.`);
      expect(cut.at(-1)?.kind).toBe('end');
      expect(cut.slice(0, -1).every(step => bytesOf([step]).length === size)).toBe(true);
    }),
  );
});

test('a pause keeps its place between the bytes', () => {
  const steps: ReplyStep[] = [
    { kind: 'write', data: 'abc' },
    { kind: 'hold' },
    { kind: 'write', data: 'de' },
    { kind: 'cut' },
  ];
  const cut = [...inWritesOf(2, steps)].map(step =>
    step.kind === 'write' ? bytesOf([step]).toString() : step.kind,
  );
  expect(cut).toEqual(['ab', 'c', 'hold', 'de', 'cut']);
});

const bytesOf = (steps: readonly ReplyStep[]): Buffer =>
  Buffer.concat(steps.map(step => ('data' in step ? Buffer.from(step.data) : Buffer.alloc(0))));
