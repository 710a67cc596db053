import { scoped, type Log } from '../logging/logger.ts';

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
        await withDeadline(entry.release);
      } catch (error) {
        this.#log.warn({ err: error, what: entry.name }, 'could not release');
      }
    }
  }
}

async function withDeadline(release: Release): Promise<void> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const deadline = setTimeout(
    () => reject(new Error(`took longer than ${RELEASE_DEADLINE_MS} ms`)),
    RELEASE_DEADLINE_MS,
  );
  try {
    await Promise.race([release(), tooLate]);
  } finally {
    clearTimeout(deadline);
  }
}
