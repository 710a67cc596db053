import { median } from './percentiles.ts';
import type { StreamTrial } from './stream-trial.ts';

/** What several trials of one subject come to: the median of each figure. */
export interface StreamCell {
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Empty if no trial had a time in which all answers were under way. */
  readonly cpuPerToken: Readonly<Record<string, number>>;
  readonly bytesPerAnswer: number;
  readonly foreignCores: number;
  readonly trials: readonly StreamTrial[];
}

/** @param trials of stamped answers. */
export function toCell(trials: readonly StreamTrial[]): StreamCell {
  const of = (figure: (trial: StreamTrial) => number): number => median(trials.map(figure));
  const cpu = trials.flatMap(({ cpuPerToken }) => (cpuPerToken ? [cpuPerToken] : []));
  const roles = Object.keys(cpu[0] ?? {});
  return {
    p50: of(({ ages }) => ages?.p50 ?? NaN),
    p99: of(({ ages }) => ages?.p99 ?? NaN),
    cpuPerToken: Object.fromEntries(
      roles.map(role => [role, median(cpu.map(perToken => perToken[role] ?? NaN))]),
    ),
    bytesPerAnswer: of(({ bytesPerAnswer }) => bytesPerAnswer ?? NaN),
    foreignCores: of(({ foreignCores }) => foreignCores),
    trials,
  };
}
