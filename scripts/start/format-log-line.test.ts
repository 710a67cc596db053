import { expect, test } from 'vitest';
import { formatLogLine } from './format-log-line.ts';

const entry = (level: string, more: object = {}): string =>
  JSON.stringify({ level, time: '2026-01-01', pid: 1, service: 'gateway', ...more, msg: 'redis is away' });

test('shows an entry as one line with its data and the reason', () => {
  const line = entry('warn', {
    err: { message: 'ECONNREFUSED', stack: 'at …' },
    port: 7,
    what: 'x',
    tags: [1],
  });
  expect(formatLogLine('gateway', line, 'warn')).toBe(
    'gateway   | WARN redis is away (ECONNREFUSED) port=7 what=x tags=[1]',
  );
});

test('leaves out what is below the level', () => {
  expect(formatLogLine('gateway', entry('info'), 'warn')).toBeUndefined();
  expect(formatLogLine('gateway', entry('info'), 'debug')).toBeDefined();
  expect(formatLogLine('gateway', entry('fatal'), 'silent')).toBeUndefined();
});

test('shows what is no log entry as it is', () => {
  expect(formatLogLine('history', '    at main (file.ts:1)', 'warn')).toBe(
    'history   |     at main (file.ts:1)',
  );
  expect(formatLogLine('history', '{"a":1}', 'warn')).toBe('history   | {"a":1}');
  expect(formatLogLine('history', '{oops', 'warn')).toBe('history   | {oops');
  expect(formatLogLine('history', ' ', 'warn')).toBeUndefined();
});
