import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
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

test.each([
  [undefined, 'chat.example', true],
  ['https://example.com', 'chat.example', true],
  ['https://chat.example', 'chat.example', true],
  ['https://chat.example:8443', 'chat.example:8443', true],
  ['https://chat.example:8443', 'chat.example', false],
  ['https://evil.example', 'chat.example', false],
  ['null', 'null', false],
  ['', 'chat.example', false],
  ['https://evil.example', undefined, false],
])('from a page of %s a call of %s is allowed: %s', (origin, host, allowed) => {
  const request = new IncomingMessage(new Socket());
  Object.assign(request.headers, { origin, host });
  expect(origins.allowsCall(request)).toBe(allowed);
});
