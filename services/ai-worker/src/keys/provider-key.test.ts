import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { ProviderKey } from './provider-key.ts';

const SECRET = 'sk-proj-abcdefghijklmnop-WXYZ';
const key = new ProviderKey(SECRET);

test('shows its last 4 characters and nothing else, however it is printed', () => {
  expect(key.label).toBe('…WXYZ');
  const printed = [JSON.stringify({ key }), inspect(key, { showHidden: true }), key.fingerprint].join();
  for (let start = 0; start + 5 <= SECRET.length; start++) {
    expect(printed).not.toContain(SECRET.slice(start, start + 5));
  }
});

test('a key that is hardly longer than what would be shown is not shown', () => {
  expect(new ProviderKey('12345678').label).toBe('…');
});

test('takes itself and its parts out of a text, and leaves the rest', () => {
  expect(key.redact(`Incorrect API key provided: "${SECRET}". See the docs.`)).toBe(
    'Incorrect API key provided: "…WXYZ". See the docs.',
  );
  expect(key.redact('key sk-proj-****WXYZ is over quota')).toBe('key …WXYZ is over quota');
  expect(key.redact('ends in WXYZ')).toBe('ends in WXYZ');
});

test('the fingerprint is the same for the same key only', () => {
  expect(new ProviderKey(SECRET).fingerprint).toBe(key.fingerprint);
  expect(new ProviderKey(`${SECRET}1`).fingerprint).not.toBe(key.fingerprint);
});
