import { median } from './percentiles.ts';
import type { StreamTrial } from './stream-trial.ts';

/** What several trials of one subject come to: the median of each figure. */
export interface StreamCell {
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly cpuPerToken: Readonly<Record<string, number>>;
  readonly bytesPerAnswer: number;
  readonly foreignCores: number;
  readonly trials: readonly StreamTrial[];
}

/** @param trials of stamped answers. */
export function toCell(trials: readonly StreamTrial[]): StreamCell {
  const of = (figure: (trial: StreamTrial) => number): number => median(trials.map(figure));
  const roles = Object.keys(trials[0]?.cpuPerToken ?? {});
  return {
    p50: of(({ ages }) => ages?.p50 ?? NaN),
    p99: of(({ ages }) => ages?.p99 ?? NaN),
    cpuPerToken: Object.fromEntries(
      roles.map(role => [role, of(({ cpuPerToken }) => cpuPerToken[role] ?? NaN)]),
    ),
    bytesPerAnswer: of(({ bytesPerAnswer }) => bytesPerAnswer ?? NaN),
    foreignCores: of(({ foreignCores }) => foreignCores),
    trials,
  };
}
