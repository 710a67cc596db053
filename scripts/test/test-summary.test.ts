import { expect, test } from 'vitest';
import { summarize, type TestReport } from './test-summary.ts';

const report = (numbers: Partial<TestReport> = {}): TestReport => ({
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [],
  ...numbers,
});

test('counts tests', () => {
  expect(summarize(report({ numPassedTests: 3 }), 0)).toEqual({ line: '3 passed, 0 failed', ok: true });
  expect(summarize(report({ numPassedTests: 3, numPendingTests: 1, numTodoTests: 1 }), 0)).toEqual({
    line: '3 passed, 0 failed, 2 skipped',
    ok: true,
  });
  const file = { status: 'failed', assertionResults: [{ status: 'failed' }, { status: 'passed' }] };
  expect(summarize(report({ numPassedTests: 1, numFailedTests: 1, testResults: [file] }), 1)).toEqual({
    line: '1 passed, 1 failed',
    ok: false,
  });
});

test('a file that could not be loaded is a failure', () => {
  const file = { status: 'failed', assertionResults: [] };
  expect(summarize(report({ numPassedTests: 1, testResults: [file] }), 1)).toEqual({
    line: '1 passed, 1 failed',
    ok: false,
  });
});

test('a run that ends badly without a failed test is a failure', () => {
  expect(summarize(report({ numPassedTests: 2 }), 1)).toEqual({ line: '2 passed, 1 failed', ok: false });
  expect(summarize(undefined, 1)).toEqual({ line: '0 passed, 1 failed', ok: false });
});

test('a run without a test is not fine', () => {
  expect(summarize(report(), 0)).toEqual({ line: '0 passed, 0 failed', ok: false });
});
