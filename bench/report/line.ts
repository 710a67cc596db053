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
  /** What the floor was where the target was set: on a slower machine, the ratio of the two is the target. */
  readonly targetFloor?: number;
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

/** `by ratio`: not in figures, but as near to this machine's floor as the target is to its own. */
export type Verdict = 'yes' | 'by ratio' | 'no';

export function verdictOn({ figures }: Line): Verdict {
  if (figures.every(({ product, target }) => product <= (target ?? Infinity))) return 'yes';
  const isNear = (figure: Figure): boolean =>
    figure.product / (figure.floor ?? 0) <= (targetRatio(figure) ?? 0);
  return figures.every(isNear) ? 'by ratio' : 'no';
}

export function targetRatio({ target, targetFloor }: Figure): number | undefined {
  return target === undefined || targetFloor === undefined ? undefined : target / targetFloor;
}
