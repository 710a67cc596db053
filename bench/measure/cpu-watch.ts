import { cpuMs, machineBusyMs, ownCpuMs } from './cpu-time.ts';
import { monotonicMs } from './monotonic.ts';

export interface CpuUse {
  /** Milliseconds on a CPU, by role. */
  readonly roleMs: Readonly<Record<string, number>>;
  /** Cores that processes kept busy which this benchmark has not started. */
  readonly foreignCores: number;
}

/** What strangers may take of a core before a measurement counts as disturbed. */
export const FOREIGN_LIMIT = 0.25;

/** Looks at who uses the CPUs from now until `stop`. */
export class CpuWatch {
  readonly #pids: Readonly<Record<string, number>>;
  readonly #before: Record<string, number>;
  readonly #startedAt: number;
  readonly #ownMs: number;
  readonly #busyMs: number;

  /** @param pids the process of each role. */
  constructor(pids: Readonly<Record<string, number>> = {}) {
    this.#pids = pids;
    // First: whoever counts tokens does so at this moment.
    this.#before = this.#read();
    this.#startedAt = monotonicMs();
    this.#ownMs = ownCpuMs();
    this.#busyMs = machineBusyMs();
  }

  stop(): CpuUse {
    const after = this.#read();
    const roleMs = Object.fromEntries(
      Object.entries(after).map(([role, ms]) => [role, ms - (this.#before[role] ?? 0)]),
    );
    const foreignMs = machineBusyMs() - this.#busyMs - (ownCpuMs() - this.#ownMs);
    return { roleMs, foreignCores: Math.max(foreignMs / (monotonicMs() - this.#startedAt), 0) };
  }

  #read(): Record<string, number> {
    return Object.fromEntries(Object.entries(this.#pids).map(([role, pid]) => [role, cpuMs(pid)]));
  }
}
