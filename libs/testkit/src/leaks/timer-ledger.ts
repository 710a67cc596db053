import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import promises from 'node:timers/promises';

/** A timer, and where it was set. */
export interface SetTimer {
  /** True while it is due to fire and keeps the process alive. */
  readonly runs: () => boolean;
  /** The innermost places in the sources, the setter first. */
  readonly place: () => string;
}

/**
 * Notes who sets timers. Node only tells how many there are; here, those that were set before (the test runner's) do not
 * count, and each has a place.
 *
 * @example using ledger = new TimerLedger();
 */
export class TimerLedger implements Disposable {
  #noted: SetTimer[] = [];
  readonly #undo: (() => void)[] = [];

  constructor() {
    for (const owner of [globalThis, timers])
      for (const name of ['setTimeout', 'setInterval']) this.#watch(owner, name, runsUntilOver);
    this.#watch(promises, 'setTimeout', runsUntilSettled);
    syncBuiltinESMExports();
  }

  /** Those that run, oldest first. */
  running(): readonly SetTimer[] {
    this.#noted = this.#noted.filter(timer => timer.runs());
    return this.#noted;
  }

  [Symbol.dispose](): void {
    for (const undo of this.#undo.splice(0)) undo();
    syncBuiltinESMExports();
  }

  #watch(owner: object, name: string, lifeOf: LifeOf): void {
    const original = Reflect.get(owner, name) as () => unknown;
    const watched = new Proxy(original, {
      apply: (set, self, args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(set, self, args);
        const setting = new Error();
        this.#noted.push({ runs: lifeOf(result, args), place: () => placeOf(setting) });
        return result;
      },
    });
    Reflect.set(owner, name, watched);
    this.#undo.push(() => Reflect.set(owner, name, original));
  }
}

/** Of what setting a timer returned, and was given: a function that tells whether it still runs. */
type LifeOf = (result: unknown, args: readonly unknown[]) => () => boolean;

const runsUntilOver: LifeOf = result => {
  // Fired for the last time, or cleared: Node says so nowhere else.
  const timer = result as NodeJS.Timeout & { readonly _destroyed: boolean };
  return () => timer.hasRef() && !timer._destroyed;
};

const runsUntilSettled: LifeOf = (result, [, , options]) => {
  let runs = (options as { ref?: boolean } | undefined)?.ref !== false;
  const end = (): void => {
    runs = false;
  };
  (result as Promise<unknown>).then(end, end);
  return () => runs;
};

function placeOf({ stack = '' }: Error): string {
  const frames = stack.split('\n').slice(1);
  const inSources = frames.filter(frame => !/\bnode:|timer-ledger\.ts/.test(frame));
  return inSources
    .slice(0, 3)
    .map(frame => frame.trim())
    .join(' ');
}
