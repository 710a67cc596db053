import type { AnswerOrder } from '../load/answer-order.ts';
import type { StreamLoadResult } from '../load/stream-load.ts';
import type { StreamSubject } from '../load/stream-subject.ts';
import { CpuWatch, type CpuUse } from './cpu-watch.ts';

/** One measurement of one subject. */
export interface StreamTrial extends StreamLoadResult {
  /** Microseconds of CPU per token while all answers were under way, by role. */
  readonly cpuPerToken: Readonly<Record<string, number>>;
  readonly foreignCores: number;
}

/** @throws Error if there was no moment at which all answers were under way. */
export async function streamTrial(
  subject: StreamSubject,
  streams: number,
  order: AnswerOrder,
): Promise<StreamTrial> {
  let watch: CpuWatch | undefined;
  let use: CpuUse | undefined;
  let tokens = 0;
  subject.on('steady', count => {
    watch = new CpuWatch(subject.pids);
    tokens = count;
  });
  subject.on('ebb', count => {
    use ??= watch?.stop();
    tokens = count - tokens;
  });
  const result = await subject.ask({ streams, order });
  if (!use) throw new Error('The first answer had ended before the last one was under way');
  const { roleMs, foreignCores } = use;
  const perToken = Object.entries(roleMs).map(([role, ms]) => [role, (ms * 1_000) / tokens]);
  return { ...result, foreignCores, cpuPerToken: Object.fromEntries(perToken) as Record<string, number> };
}
