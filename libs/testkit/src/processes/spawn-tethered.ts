import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

export type TetheredChild = ChildProcessByStdio<Writable, Readable, Readable>;

export interface SpawnOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string | undefined;
}

/**
 * `exec` keeps the shell's pid, so the child's pid is the command's. The reader left behind ends it when the pipe breaks,
 * which it also does when this process is killed with SIGKILL; a line, sent once the command has ended, lets the reader go.
 */
const TETHER = 'exec 3<&0; { read -r _ <&3 || kill "$$"; } >/dev/null 2>&1 & exec "$0" "$@" </dev/null 3<&-';

/**
 * Spawns a command that gets SIGTERM when this process ends, however it ends, and not before: it runs in a process group of
 * its own, so a Ctrl-C on the terminal reaches only this process, which then stops its children in the right order.
 */
export function spawnTethered(
  command: string,
  args: readonly string[],
  { env, cwd }: SpawnOptions,
): TetheredChild {
  const child = spawn('sh', ['-c', TETHER, command, ...args], {
    env,
    cwd,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // The command may have ended before its reader is let go.
  child.stdin.on('error', () => undefined);
  child.once('exit', () => child.stdin.end('\n'));
  return child;
}
