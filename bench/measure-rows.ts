import type { Lab } from './lab.ts';
import { Repeats } from './measure/repeats.ts';
import { StreamCells } from './measure/stream-cells.ts';
import type { Line } from './report/line.ts';
import { describeMachine } from './report/machine.ts';
import type { Report } from './report/report.ts';
import type { Bench } from './rows/row.ts';
import { rows } from './rows/rows.ts';
import type { RowId, Settings } from './settings.ts';

/**
 * Measures the rows one after the other. A row that fails leaves a gap, and the others go on.
 *
 * @param progress is told what happens, for people.
 */
export async function measureRows(
  settings: Settings,
  lab: Lab,
  progress: (text: string) => void,
): Promise<Report> {
  const started = performance.now();
  const startedAt = new Date().toISOString();
  const repeats = new Repeats();
  const bench: Bench = { lab, repeats, cells: new StreamCells(lab, repeats) };
  const lines: Line[] = [];
  const details: Partial<Record<RowId, unknown>> = {};
  const failures: Partial<Record<RowId, string>> = {};
  for (const id of settings.rows) {
    progress(`row ${id} ...`);
    try {
      const result = await rows[id](bench);
      lines.push(...result.lines);
      details[id] = result.details;
    } catch (error) {
      failures[id] = error instanceof Error ? error.message : String(error);
      progress(`row ${id} failed: ${failures[id]}`);
    }
  }
  const seconds = (performance.now() - started) / 1_000;
  return { startedAt, seconds, machine: describeMachine(), settings, lines, details, failures };
}
