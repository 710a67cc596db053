import { socketIoLinks, type Transport } from '../connection/socket-io-link.ts';
import type { Environment, WakeEvent } from '../environment.ts';
import { memoryStorage, type KeyValueStorage } from '../storage/key-value-storage.ts';

const ID_BYTES = 16;

/** What a browser has; where a part of it is missing (Node, a worker, a locked-down frame) the nearest thing to it. */
export function browserEnvironment(transports?: readonly Transport[]): Environment {
  return {
    storage: pageStorage() ?? memoryStorage(),
    watchWakeEvents,
    now: () => Date.now(),
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    random: () => Math.random(),
    // Not randomUUID: pages without TLS do not have it.
    newId: () =>
      Array.from(crypto.getRandomValues(new Uint8Array(ID_BYTES)), byte =>
        byte.toString(16).padStart(2, '0'),
      ).join(''),
    openLink: socketIoLinks(transports),
  };
}

function hasPage(): boolean {
  return typeof document !== 'undefined' && typeof window !== 'undefined';
}

function pageStorage(): KeyValueStorage | undefined {
  try {
    return hasPage() ? window.localStorage : undefined;
  } catch {
    // Cookies are blocked.
    return undefined;
  }
}

function watchWakeEvents(listener: (event: WakeEvent) => void): () => void {
  if (!hasPage()) return () => undefined;
  const watch = new AbortController();
  const { signal } = watch;
  window.addEventListener('online', () => listener('online'), { signal });
  window.addEventListener('offline', () => listener('offline'), { signal });
  window.addEventListener('pageshow', ({ persisted }) => persisted && listener('wake'), { signal });
  document.addEventListener(
    'visibilitychange',
    () => document.visibilityState === 'visible' && listener('wake'),
    { signal },
  );
  return () => watch.abort();
}
