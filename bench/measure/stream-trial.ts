import type { AnswerOrder } from '../load/answer-order.ts';
import type { StreamLoadResult } from '../load/stream-load.ts';
import type { StreamSubject } from '../load/stream-subject.ts';
import { CpuWatch } from './cpu-watch.ts';

/** One measurement of one subject. */
export interface StreamTrial extends StreamLoadResult {
  /**
   * Microseconds of CPU per token while all answers were under way, by role; undefined if they hardly ever were,
   * because some began so late.
   */
  readonly cpuPerToken: Readonly<Record<string, number>> | undefined;
  readonly foreignCores: number;
}

/** Of each answer; in less time than that a look at the CPU says nothing. */
const MIN_TOKENS = 25;

export async function streamTrial(
  subject: StreamSubject,
  streams: number,
  order: AnswerOrder,
): Promise<StreamTrial> {
  const whole = new CpuWatch();
  let steady: { watch: CpuWatch; from: number } | undefined;
  let cpuPerToken: Record<string, number> | undefined;
  subject.on('steady', from => {
    steady = { watch: new CpuWatch(subject.pids), from };
  });
  subject.on('ebb', tokens => {
    if (!steady || tokens - steady.from < streams * MIN_TOKENS) return;
    const { watch, from } = steady;
    const perToken = Object.entries(watch.stop().roleMs).map(([role, ms]) => [
      role,
      (ms * 1_000) / (tokens - from),
    ]);
    cpuPerToken = Object.fromEntries(perToken) as Record<string, number>;
  });
  const result = await subject.ask({ streams, order });
  return { ...result, cpuPerToken, foreignCores: whole.stop().foreignCores };
}
