import { ProcessFailure } from '@parley/testkit';
import { formatLogLine } from './format-log-line.ts';

/** What to tell of a start or run that failed: of a process also what it said last, whatever the level. */
export function formatFailure(error: unknown): string {
  if (!(error instanceof ProcessFailure)) return error instanceof Error ? error.message : String(error);
  const lines = error.lastLines.map(line => formatLogLine(error.processName, line, 'trace'));
  return [`${error.summary}. What it said last:`, ...lines.filter(line => line !== undefined)].join('\n');
}
