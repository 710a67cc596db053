/** What is read of Vitest's JSON report. */
export interface TestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/**
 * Sums a run up. Nothing that went wrong is left out: a file that could not be loaded is a failure, and so is a run that
 * ended badly although no test did, or that ran none.
 *
 * @param report undefined if Vitest did not get as far as writing one.
 */
export function summarize(report: TestReport | undefined, exitCode: number): { line: string; ok: boolean } {
  const passed = report?.numPassedTests ?? 0;
  const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
  const brokenFiles = (report?.testResults ?? []).filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some(test => test.status === 'failed'),
  );
  const counted = (report?.numFailedTests ?? 0) + brokenFiles.length;
  const failed = counted === 0 && exitCode !== 0 ? 1 : counted;
  const line = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  return { line, ok: failed === 0 && passed > 0 };
}
