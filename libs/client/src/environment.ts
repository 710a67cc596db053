import type { OpenLink } from './connection/link.ts';
import type { KeyValueStorage } from './storage/key-value-storage.ts';

/** Calls `run` once, after so many milliseconds, unless the returned function is called before. */
export type After = (ms: number, run: () => void) => () => void;

/** `wake`: the page is looked at again, or has come back from being frozen; its connection may be long dead. */
export type WakeEvent = 'online' | 'offline' | 'wake';

/** What the client needs of the machine that it runs on. */
export interface Environment {
  readonly storage: KeyValueStorage;
  /** Tells about the network and the page until the returned function is called. */
  readonly watchWakeEvents: (listener: (event: WakeEvent) => void) => () => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly after: After;
  /** At least 0, less than 1. */
  readonly random: () => number;
  /** A new id that nobody can guess. */
  readonly newId: () => string;
  readonly openLink: OpenLink;
}
