import { parseArgs } from 'node:util';

const ROW_IDS = ['a', 'b', 'd', 'e', 'i', 'k', 'p10'] as const;
export type RowId = (typeof ROW_IDS)[number];

export interface Settings {
  readonly rows: readonly RowId[];
  /** How often each cell is measured; what is told is the median. */
  readonly runs: number;
  /** Shorter and fewer of everything: shows that the bench works, not how fast Parley is. */
  readonly quick: boolean;
}

/** @throws Error naming the option that makes no sense. */
export function readSettings(args: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: 'string', default: ROW_IDS.join(',') },
      runs: { type: 'string' },
      quick: { type: 'boolean', default: false },
    },
  });
  const asked = values.rows.split(',').map(row => row.trim());
  const unknown = asked.find(row => !ROW_IDS.some(id => id === row));
  if (unknown !== undefined)
    throw new Error(`--rows: there is no row ${unknown}, only ${ROW_IDS.join(', ')}`);
  const runs = Number(values.runs ?? (values.quick ? 1 : 3));
  if (!Number.isInteger(runs) || runs < 1) throw new Error('--runs: must be a whole number from 1');
  return { rows: ROW_IDS.filter(id => asked.includes(id)), runs, quick: values.quick };
}
