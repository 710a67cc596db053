import type { ServiceProcess } from '@parley/testkit';

/** What a visitor's token begins with, whoever issued it: `{"alg":"` or `{"typ":"`. Less of it, and random ids have it, too. */
export const TOKEN_BEGINNINGS = ['eyJhbGciOi', 'eyJ0eXAiOi'] as const;

/** All that the processes of a cluster have logged; collect often, as a process remembers only its last 500 lines. */
export class LogScan {
  readonly #services: readonly ServiceProcess[];
  readonly #lines = new Set<string>();

  constructor(services: readonly ServiceProcess[]) {
    this.#services = services;
  }

  collect(): void {
    for (const { logs } of this.#services) for (const line of logs) this.#lines.add(line);
  }

  /** @returns the lines in which one of the texts stands. */
  linesWith(...texts: string[]): string[] {
    this.collect();
    return [...this.#lines].filter(line => texts.some(text => line.includes(text)));
  }

  /** @returns the lines that tell of something that went wrong on our side, or are no log lines at all. */
  get complaints(): string[] {
    this.collect();
    return [...this.#lines].filter(line => !/^\{"level":"(debug|info|warn)"/.test(line));
  }
}
