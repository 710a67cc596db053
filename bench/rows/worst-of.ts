import { summarize } from '../measure/percentiles.ts';
import type { Line } from '../report/line.ts';

/**
 * The line of something that has no floor and whose slowest time counts.
 *
 * @param seconds how long each took. @param targetWorst in seconds, too.
 */
export function worstOf(
  { row, what, foreignCores }: Pick<Line, 'row' | 'what' | 'foreignCores'>,
  seconds: readonly number[],
  targetWorst: number,
): Line {
  const { p50, max } = summarize(seconds);
  return {
    row,
    what: `${what}, median / worst of ${seconds.length}`,
    unit: 's',
    floorIs: '',
    figures: [
      { name: 'median', product: p50, floor: undefined, target: undefined },
      { name: 'worst', product: max, floor: undefined, target: targetWorst },
    ],
    foreignCores,
  };
}
