import { readFileSync, readdirSync } from 'node:fs';

/** Length of a tick in /proc, the same on every Linux that Node runs on. */
const TICK_MS = 10;

/** Milliseconds that the threads of a process have been on a CPU; 0 if it is gone. */
export function cpuMs(pid: number): number {
  let ns = 0;
  for (const thread of list(`/proc/${pid}/task`)) {
    ns += Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(' ', 1)[0]);
  }
  return ns / 1e6;
}

/** Milliseconds that this process, what it has started and what those have started have been on a CPU, also the ended ones. */
export function ownCpuMs(): number {
  const [, , reapedUser = 0, reapedSystem = 0] = ticks(process.pid);
  const living = [process.pid, ...descendants(process.pid)].reduce((sum, pid) => sum + cpuMs(pid), 0);
  return living + (reapedUser + reapedSystem) * TICK_MS;
}

/** Milliseconds that all CPUs together were not idle; what the hypervisor gave to others counts as well. */
export function machineBusyMs(): number {
  const line = read('/proc/stat').split('\n', 1)[0] ?? '';
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, steal = 0] = line
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softIrq + steal) * TICK_MS;
}

function descendants(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const entry of list('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const parent = Number(afterName(Number(entry))[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const found: number[] = [];
  for (const queue = [root]; ;) {
    const pid = queue.pop();
    if (pid === undefined) return found;
    const born = children.get(pid) ?? [];
    found.push(...born);
    queue.push(...born);
  }
}

/** utime, stime, cutime, cstime. */
function ticks(pid: number): number[] {
  return afterName(pid).slice(11, 15).map(Number);
}

/** The fields of /proc/<pid>/stat from the state on: the name before it may hold anything. */
function afterName(pid: number): string[] {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Empty when the process or thread has ended meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
