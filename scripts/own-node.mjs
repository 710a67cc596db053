// Runs a TypeScript file of this folder with the Node of package.json, whatever Node (18 or newer) the machine has:
//   node scripts/own-node.mjs start.ts --watch
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const node = join(root, 'node_modules', '.bin', 'node');

// npm writes it at the end of each installation.
const installed = join(root, 'node_modules', '.package-lock.json');
const wanted = join(root, 'package-lock.json');

function npm(...args) {
  console.log(`Installing packages (npm ${args.join(' ')}) ...`);
  const cli = process.env.npm_execpath;
  const [command, first] = cli ? [process.execPath, [cli]] : ['npm', []];
  const { status, error } = spawnSync(command, [...first, ...args], { cwd: root, stdio: 'inherit' });
  if (error) console.error(`npm cannot be run: ${error.message}`);
  return status === 0;
}

function install() {
  const isMissing = !existsSync(installed) || !existsSync(node);
  const isOld = () => existsSync(wanted) && statSync(wanted).mtimeMs > statSync(installed).mtimeMs;
  if (!isMissing && !isOld()) return;
  // `ci` refuses a lock file that lacks optional packages of other platforms, and would remove the Node that may be
  // running this. What npm warns of concerns those who change dependencies.
  if (isMissing && npm('ci', '--loglevel=silent')) return;
  if (!npm('install', '--no-save', '--loglevel=error')) process.exit(1);
}

install();
const [script = '', ...args] = process.argv.slice(2);
// A process starts in two thirds of the time when it finds its modules compiled.
const env = { NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'node'), ...process.env };
const child = spawn(node, [join(root, 'scripts', script), ...args], { stdio: 'inherit', env });
// Ctrl-C reaches the child too; `kill` reaches only this process. The child takes the same signal twice.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', error => {
  console.error(error.message);
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
