import { spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline/promises';
import { findOnPath, findRedisProgram } from '@parley/testkit';
import { packageManagers, type PackageManager } from './package-managers.ts';

/**
 * Installs a Redis with the system's package manager, after saying so and, on a terminal, asking.
 *
 * @returns false if it may not, must not or cannot; the reason has been printed unless there is nothing to try.
 */
export async function installRedis(env: NodeJS.ProcessEnv): Promise<boolean> {
  if (env.PARLEY_NO_SYSTEM_INSTALL === '1') return false;
  const manager = packageManagers.find(({ program }) => findOnPath([program]) !== undefined);
  const parts = manager && commandOf(manager);
  if (!manager || !parts) return false;
  console.log(`There is no Redis on this machine; ${parts.join(' ')} can install it.`);
  if (!(await isAllowed())) return false;
  const [command, ...first] = parts;
  const run = (args: readonly string[]): boolean =>
    spawnSync(command, [...first, ...args], {
      stdio: ['inherit', 'inherit', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status === 0;
  if (manager.refresh) run(manager.refresh);
  const isInstalled = manager.packages.some(name => run([...manager.install, name]));
  return isInstalled && findRedisProgram() !== undefined;
}

/** Undefined if this user cannot install anything. */
function commandOf({ program, needsRoot }: PackageManager): readonly [string, ...string[]] | undefined {
  if (!needsRoot || process.getuid?.() === 0) return [program];
  if (findOnPath(['sudo']) === undefined) return undefined;
  // Without a terminal nobody can type a password.
  return process.stdin.isTTY ? ['sudo', program] : ['sudo', '-n', program];
}

async function isAllowed(): Promise<boolean> {
  if (!process.stdin.isTTY) return true;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question('Install it now? [Y/n] ');
    return !/^n/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
