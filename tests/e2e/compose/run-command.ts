import { execFile } from 'node:child_process';

export interface CommandOptions {
  readonly cwd?: string;
  /** The whole environment; default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
  readonly deadlineMs?: number;
}

const SHOWN_CHARS = 2_000;

/**
 * Runs a program to its end and resolves with what it printed on stdout.
 *
 * @throws Error with the end of what it said, if it fails or is not done at the deadline (60 s).
 */
export function runCommand(
  [program, ...args]: readonly [string, ...string[]],
  { cwd, env = process.env, deadlineMs = 60_000 }: CommandOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd, env, timeout: deadlineMs, maxBuffer: 64 * 1024 * 1024 };
    execFile(program, args, options, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const said = `${stdout}\n${stderr}`.trim().slice(-SHOWN_CHARS);
      reject(new Error(`${[program, ...args].join(' ')} failed:\n${said}`, { cause: error }));
    });
  });
}
