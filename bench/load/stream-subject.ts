import type { StreamLoad, StreamLoadResult } from './stream-load.ts';

/** Something that answers many at once, with those who ask. */
export interface StreamSubject {
  /** The process of each role; those of `asks` count what comes. */
  readonly pids: Readonly<Record<string, number>>;
  /** Hears `steady` and `ebb` of `askAll`. */
  on(event: 'steady' | 'ebb', listener: (tokens: number) => void): void;
  ask(load: Pick<StreamLoad, 'streams' | 'order'>): Promise<StreamLoadResult>;
}
