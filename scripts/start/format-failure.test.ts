import { ProcessFailure } from '@parley/testkit';
import { expect, test } from 'vitest';
import { formatFailure } from './format-failure.ts';

test('tells of a process that failed what it said last', () => {
  const entry = JSON.stringify({ level: 'info', service: 'gateway', msg: 'redis is away' });
  const failure = new ProcessFailure('gateway', 'ended with code 2', [entry, 'oops']);
  expect(formatFailure(failure)).toBe(
    'gateway ended with code 2. What it said last:\ngateway   | INFO redis is away\ngateway   | oops',
  );
  expect(formatFailure(new Error('Port 1 is taken'))).toBe('Port 1 is taken');
});
