import { expect, test } from 'vitest';
import { growth } from './growing-text.ts';

test('prints only what is new', () => {
  expect(growth('', 'Hello')).toEqual({ restarts: false, text: 'Hello' });
  expect(growth('Hello', 'Hello there')).toEqual({ restarts: false, text: ' there' });
  expect(growth('Hello', 'Hello')).toEqual({ restarts: false, text: '' });
});

test('prints all of an answer that has started again', () => {
  expect(growth('Hello', 'Hi')).toEqual({ restarts: true, text: 'Hi' });
});
