import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findRedisProgram, REDIS_HINT } from '@parley/testkit';
import { installRedis } from './start/install-redis.ts';
import { summarize, type TestReport } from './test/test-summary.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');

async function runVitest(args: readonly string[], reportPath: string): Promise<number> {
  const shown = args.some(argument => argument.startsWith('--reporter')) ? [] : ['--reporter=default'];
  const report = ['--reporter=json', `--outputFile.json=${reportPath}`];
  const run = spawn(process.execPath, [vitest, 'run', ...shown, ...report, ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  // Ctrl-C reaches Vitest too, which still wants to stop its servers.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => run.kill(signal));
  const [code] = (await once(run, 'exit')) as [number | null];
  return code ?? 1;
}

async function readReport(path: string): Promise<TestReport | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as TestReport;
  } catch {
    return undefined;
  }
}

async function main(args: readonly string[]): Promise<number> {
  // Tests that pause or kill their Redis need the program, also where REDIS_URL or Docker has one for the others.
  if (findRedisProgram() === undefined && !(await installRedis(process.env)))
    console.error(`Tests that need a Redis will fail. ${REDIS_HINT}`);
  const dir = await mkdtemp(join(tmpdir(), 'parley-test-'));
  try {
    const reportPath = join(dir, 'report.json');
    const exitCode = await runVitest(args, reportPath);
    const { line, ok } = summarize(await readReport(reportPath), exitCode);
    console.log(line);
    return ok ? 0 : 1;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

process.exitCode = await main(process.argv.slice(2));
