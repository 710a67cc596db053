import { scoped, type Log } from '../logging/logger.ts';
import { withDeadline } from './with-deadline.ts';

type Release = () => unknown;

/** What hangs (a server that is away, mostly) must not keep the rest from being released. */
const RELEASE_DEADLINE_MS = 2_000;

/**
 * What a process has opened, released in reverse order. A release that fails does not keep the others from happening.
 */
export class ReleaseStack {
  readonly #log: Log;
  readonly #releases: { name: string; release: Release }[] = [];

  constructor(log: Log) {
    this.#log = scoped(log, { component: 'ReleaseStack', function: 'releaseAll' });
  }

  /** Call it right where the thing is opened. */
  push(name: string, release: Release): void {
    this.#releases.push({ name, release });
  }

  /** Releases everything once; a second call finds nothing left. */
  async releaseAll(): Promise<void> {
    for (let entry = this.#releases.pop(); entry; entry = this.#releases.pop()) {
      try {
        await withDeadline(entry.release, RELEASE_DEADLINE_MS);
      } catch (error) {
        this.#log.warn({ err: error, what: entry.name }, 'could not release');
      }
    }
  }
}
