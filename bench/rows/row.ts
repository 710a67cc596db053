import type { Lab } from '../lab.ts';
import type { Repeats } from '../measure/repeats.ts';
import type { StreamCells } from '../measure/stream-cells.ts';
import type { Line } from '../report/line.ts';

export interface Bench {
  readonly lab: Lab;
  readonly cells: StreamCells;
  readonly repeats: Repeats;
}

interface RowResult {
  readonly lines: readonly Line[];
  /** What the lines were made of; kept in the JSON. */
  readonly details: unknown;
}

/** Measures one row of the table of targets. */
export type Row = (bench: Bench) => Promise<RowResult>;
