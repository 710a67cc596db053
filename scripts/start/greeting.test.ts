import { expect, test } from 'vitest';
import { greeting } from './greeting.ts';

const facts = {
  port: 5001,
  adminToken: 'the-token',
  redisOrigin: 'a private one',
  dataDir: './data',
  isDemo: true,
  isWatching: false,
  hasOwnPort: false,
};

test('shows the address, the token, the demo hint and a line to copy', () => {
  const text = greeting(facts);
  expect(text).toContain('http://localhost:5001\n');
  expect(text).toContain('the-token\n');
  expect(text).toContain('   npm run chat -- "Hello"\n');
  expect(text).toContain('demo mode');
});

test('the line to copy works on another port too', () => {
  const text = greeting({ ...facts, port: 80, hasOwnPort: true, isDemo: false });
  expect(text).toContain('   PORT=80 npm run chat -- "Hello"\n');
  expect(text).not.toContain('demo mode');
});
