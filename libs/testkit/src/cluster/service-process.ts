import { ManagedProcess, describeExit } from '../processes/managed-process.ts';
import type { ProcessFailure } from '../processes/process-failure.ts';
import { readyPort } from './ready-line.ts';

const READY_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 15_000;

export interface ServiceProcessOptions {
  /** What messages call it, e.g. `gateway 2`. */
  readonly name: string;
  /** Path of its `main.ts`. */
  readonly main: string;
  /** Its whole environment. */
  readonly env: NodeJS.ProcessEnv;
  /** Of Node, e.g. `--watch`. */
  readonly nodeOptions?: readonly string[];
  /** Default: 30 s. */
  readonly readyDeadlineMs?: number;
  /** Called when it ends although nobody here has ended it. */
  readonly onUnexpectedEnd?: (failure: ProcessFailure) => void;
  /** Called with each line of its output. */
  readonly onLine?: (line: string) => void;
}

/** One service as a process of its own, configured by its environment alone. */
export class ServiceProcess {
  readonly name: string;
  readonly #options: ServiceProcessOptions;
  #process: ManagedProcess;
  #port: number;
  #endIsExpected = false;

  private constructor(options: ServiceProcessOptions, started: { process: ManagedProcess; port: number }) {
    this.name = options.name;
    this.#options = options;
    this.#process = started.process;
    this.#port = started.port;
    this.#watch();
  }

  /** @throws ProcessFailure if it does not print its ready line in time. */
  static async start(options: ServiceProcessOptions): Promise<ServiceProcess> {
    return new ServiceProcess(options, await launch(options));
  }

  get pid(): number {
    return this.#process.pid;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The last 500 lines of its output. */
  get logs(): readonly string[] {
    return this.#process.lines;
  }

  get running(): boolean {
    return this.#process.exit === undefined;
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#endIsExpected = true;
    await this.#process.kill();
  }

  /**
   * SIGTERM; resolves when it is gone.
   *
   * @returns the exit code, null if a signal ended it.
   * @throws ProcessFailure if it had to be killed at the deadline.
   */
  async terminate(deadlineMs = STOP_DEADLINE_MS): Promise<number | null> {
    this.#endIsExpected = true;
    const exit = await this.#process.terminate(deadlineMs);
    if (!exit) throw this.#process.failure(`was still running ${deadlineMs} ms after SIGTERM`);
    return exit.code;
  }

  /** SIGSTOP: its connections stay open and nothing answers. */
  pause(): void {
    this.#process.signal('SIGSTOP');
  }

  /** SIGCONT. */
  resume(): void {
    this.#process.signal('SIGCONT');
  }

  /** Starts it again on the same port with the same environment, after a SIGKILL if it still runs. */
  async restart(): Promise<void> {
    await this.kill();
    const env = { ...this.#options.env, PORT: String(this.#port) };
    const started = await launch({ ...this.#options, env });
    this.#process = started.process;
    this.#port = started.port;
    this.#watch();
  }

  #watch(): void {
    const watched = this.#process;
    this.#endIsExpected = false;
    void watched.exited.then(exit => {
      if (this.#endIsExpected) return;
      this.#options.onUnexpectedEnd?.(watched.failure(`ended unexpectedly with ${describeExit(exit)}`));
    });
  }
}

async function launch(options: ServiceProcessOptions): Promise<{ process: ManagedProcess; port: number }> {
  const { name, main, env, nodeOptions = [], readyDeadlineMs = READY_DEADLINE_MS, onLine } = options;
  const started = new ManagedProcess({
    name,
    command: process.execPath,
    args: [...nodeOptions, main],
    env,
    ...(onLine && { onLine }),
  });
  try {
    return { process: started, port: await started.firstLine(readyPort, readyDeadlineMs) };
  } catch (error) {
    await started.kill();
    throw error;
  }
}
