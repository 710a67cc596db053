import { expect, test } from 'vitest';
import { Origins } from './origins.ts';

const origins = new Origins(['https://example.com/', 'http://localhost:5173']);

test.each(['https://example.com', 'http://localhost:5173'])('%s may come', origin => {
  expect(origins.allows(origin)).toBe(true);
});

test.each([
  'https://example.com.evil',
  'https://evil.example.com',
  'http://example.com',
  'null',
  '',
  'https://example.com:444',
])('"%s" may not', origin => {
  expect(origins.allows(origin)).toBe(false);
});
