import { setImmediate as nextTurn } from 'node:timers/promises';
import { waitFor } from '../servers/wait-for.ts';
import { OpenHandles } from './open-handles.ts';
import type { SetTimer, TimerLedger } from './timer-ledger.ts';

type Counts = ReadonlyMap<string, number>;

/** Counted elsewhere: timers by the ledger (among Node's are the test runner's), sockets by whom they are connected to. */
const COUNTED_ELSEWHERE = ['Timeout', 'TCPSocketWrap'];

/**
 * Remembers what keeps this process alive (timers, connections, servers, children), and tells later what has been added. What
 * does not keep it alive is not counted: an idle keep-alive connection of `fetch`, a timer that is `unref()`ed.
 */
export class ProcessCheck {
  readonly #ledger: TimerLedger;
  readonly #timers: ReadonlySet<SetTimer>;
  readonly #connections: Counts;
  readonly #resources: Counts;

  private constructor(ledger: TimerLedger) {
    this.#ledger = ledger;
    this.#timers = new Set(ledger.running());
    this.#connections = countConnections();
    this.#resources = countResources();
  }

  /** Waits until connections that are on their way are made: they belong to what was there before. */
  static async start(ledger: TimerLedger): Promise<ProcessCheck> {
    // A client that was constructed a moment ago has its socket then.
    await nextTurn();
    const allMade = (): boolean => !process.getActiveResourcesInfo().includes('ConnectWrap');
    await waitFor(allMade, { what: 'connections to be made' });
    return new ProcessCheck(ledger);
  }

  /** What there is now and was not at the start: a timer with its place, a connection with its other end, the rest by kind. */
  leftovers(): string[] {
    const timers = this.#ledger.running().filter(timer => !this.#timers.has(timer));
    return [
      ...timers.map(timer => `a timer set ${timer.place()}`),
      ...grown(this.#connections, countConnections()).map(([other, more]) => `${more} connected to ${other}`),
      ...grown(this.#resources, countResources()).map(([kind, more]) => `${more} ${kind}`),
    ];
  }

  /**
   * Waits until nothing is left.
   *
   * @throws Error naming what is left at the deadline.
   */
  async expectNone({ deadlineMs = 5_000 }: { deadlineMs?: number } = {}): Promise<void> {
    let left: string[] = [];
    const nothingLeft = (): boolean => (left = this.leftovers()).length === 0;
    try {
      await waitFor(nothingLeft, { deadlineMs, what: 'the process to be as it was before' });
    } catch (error) {
      const open = new OpenHandles().toString();
      throw new Error(`left in this process: ${left.join('; ')} (all that is open: ${open})`, {
        cause: error,
      });
    }
  }
}

function countResources(): Counts {
  return count(process.getActiveResourcesInfo().filter(kind => !COUNTED_ELSEWHERE.includes(kind)));
}

function countConnections(): Counts {
  // Asking libuv takes some milliseconds.
  const areSome = process.getActiveResourcesInfo().includes('TCPSocketWrap');
  return count(areSome ? new OpenHandles().connectedTo : []);
}

function count(names: readonly string[]): Counts {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function grown(before: Counts, now: Counts): [string, number][] {
  const more = [...now].map(([name, there]): [string, number] => [name, there - (before.get(name) ?? 0)]);
  return more.filter(([, added]) => added > 0);
}
