import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { ProcessFailure } from './process-failure.ts';
import { RecentLines } from './recent-lines.ts';
import { spawnTethered, type TetheredChild } from './spawn-tethered.ts';

const LINES_KEPT = 500;

export interface ProcessOptions {
  /** What messages call it. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment; default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Called with each line of its output. */
  readonly onLine?: (line: string) => void;
}

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child process with the last lines of what it said; it never outlives this process. */
export class ManagedProcess {
  readonly name: string;
  readonly exited: Promise<ProcessExit>;
  readonly #child: TetheredChild;
  readonly #lines = new RecentLines(LINES_KEPT);
  readonly #listeners = new Set<(line: string) => void>();
  #exit: ProcessExit | undefined;

  constructor({ name, command, args, env = process.env, cwd, onLine }: ProcessOptions) {
    this.name = name;
    if (onLine) this.#listeners.add(onLine);
    this.#child = spawnTethered(command, args, { env, cwd });
    for (const output of [this.#child.stdout, this.#child.stderr])
      createInterface({ input: output }).on('line', line => this.#hear(line));
    this.exited = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => {
        this.#exit = { code, signal };
        resolve(this.#exit);
      });
    });
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error(`${this.name} could not be spawned`);
    return pid;
  }

  /** How it ended; undefined while it runs. */
  get exit(): ProcessExit | undefined {
    return this.#exit;
  }

  /** The last 500 lines of its output. */
  get lines(): readonly string[] {
    return this.#lines.all;
  }

  /**
   * Resolves with what `read` makes of the first line that it makes something of.
   *
   * @throws ProcessFailure when the process ends or the deadline passes before.
   */
  async firstLine<T>(read: (line: string) => T | undefined, deadlineMs: number): Promise<T> {
    const over = new AbortController();
    let listener: ((line: string) => void) | undefined;
    try {
      return await Promise.race([
        new Promise<T>(resolve => {
          listener = line => {
            const value = read(line);
            if (value !== undefined) resolve(value);
          };
          this.#lines.all.forEach(listener);
          this.#listeners.add(listener);
        }),
        this.exited.then(exit => Promise.reject(this.failure(`ended with ${describeExit(exit)}`))),
        pause(deadlineMs, undefined, { signal: over.signal }).then(() =>
          Promise.reject(this.failure(`was not ready after ${deadlineMs} ms`)),
        ),
      ]);
    } finally {
      over.abort();
      if (listener) this.#listeners.delete(listener);
    }
  }

  /** An error that says what happened to it and what it said last. */
  failure(what: string): ProcessFailure {
    return new ProcessFailure(this.name, what, this.#lines.all);
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.#exit) this.#child.kill(signal);
  }

  /** SIGKILL to the process and what it has started; resolves when it is gone. */
  async kill(): Promise<ProcessExit> {
    if (!this.#exit) {
      try {
        process.kill(-this.pid, 'SIGKILL');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
    return this.exited;
  }

  /**
   * SIGTERM, also to a process that is paused.
   *
   * @returns how it ended, or undefined if it was still there at the deadline (and is now killed).
   */
  async terminate(deadlineMs: number): Promise<ProcessExit | undefined> {
    this.signal('SIGTERM');
    this.signal('SIGCONT');
    const over = new AbortController();
    try {
      const late = pause(deadlineMs, undefined, { signal: over.signal });
      const exit = await Promise.race([this.exited, late]);
      if (!exit) await this.kill();
      return exit;
    } finally {
      over.abort();
    }
  }

  #hear(line: string): void {
    this.#lines.add(line);
    for (const listener of this.#listeners) listener(line);
  }
}

/** `code 1` or `SIGKILL`. */
export function describeExit({ code, signal }: ProcessExit): string {
  return signal ?? `code ${code}`;
}
