import type { RowId, Settings } from '../settings.ts';
import type { Line } from './line.ts';
import type { Machine } from './machine.ts';

/** All that one run has found out. */
export interface Report {
  /** ISO 8601. */
  readonly startedAt: string;
  readonly seconds: number;
  readonly machine: Machine;
  readonly settings: Settings;
  readonly lines: readonly Line[];
  /** By row: what its lines were made of. */
  readonly details: Readonly<Partial<Record<RowId, unknown>>>;
  /** By row: why there is no result. */
  readonly failures: Readonly<Partial<Record<RowId, string>>>;
}
