import type { RowId } from '../settings.ts';

/** One figure of a line. */
export interface Figure {
  /** E.g. `p50`; empty if it is the only one. */
  readonly name: string;
  readonly product: number;
  /** Undefined where nothing simpler does the same. */
  readonly floor: number | undefined;
  /** The product must not be above it; undefined if the figure is only told. */
  readonly target: number | undefined;
}

/** One line of the table. */
export interface Line {
  readonly row: RowId;
  readonly what: string;
  readonly unit: string;
  /** What the floor is. */
  readonly floorIs: string;
  readonly figures: readonly Figure[];
  /** Cores that strangers used meanwhile. */
  readonly foreignCores: number;
}

export function isMet({ figures }: Line): boolean {
  return figures.every(({ product, target }) => product <= (target ?? Infinity));
}
