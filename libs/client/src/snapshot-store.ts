import type { ErrorBody } from '@parley/contracts';
import type { ConnectionState } from './connection/connection-table.ts';
import { reduceTranscript } from './transcript/reduce-transcript.ts';
import type { TranscriptEvent } from './transcript/transcript-event.ts';
import type { Transcript } from './transcript/transcript.ts';

/** Everything that there is to show. Never changed, only replaced. */
export interface ParleySnapshot {
  readonly connection: ConnectionState;
  /** Why the server has refused the last attempt to connect, or to tell what is missing. */
  readonly error: ErrorBody | undefined;
  readonly transcript: Transcript;
}

/** Holds the newest snapshot and tells whoever watches when it is replaced. */
export class SnapshotStore {
  readonly #listeners = new Set<() => void>();
  #snapshot: ParleySnapshot;

  constructor(transcript: Transcript) {
    this.#snapshot = { connection: 'idle', error: undefined, transcript };
  }

  get snapshot(): ParleySnapshot {
    return this.#snapshot;
  }

  get transcript(): Transcript {
    return this.#snapshot.transcript;
  }

  subscribe(listener: () => void): () => void {
    // A function of its own: the same listener may be given twice.
    const told = (): void => listener();
    this.#listeners.add(told);
    return () => this.#listeners.delete(told);
  }

  /** @returns false if something is missing that only a resume brings. */
  apply(event: TranscriptEvent): boolean {
    const { transcript, needsRepair } = reduceTranscript(this.transcript, event);
    if (transcript !== this.transcript) this.#replace({ ...this.#snapshot, transcript });
    return !needsRepair;
  }

  connectionChanged(connection: ConnectionState, error: ErrorBody | undefined): void {
    const isSame = connection === this.#snapshot.connection && error === this.#snapshot.error;
    if (!isSame) this.#replace({ ...this.#snapshot, connection, error });
  }

  #replace(snapshot: ParleySnapshot): void {
    this.#snapshot = snapshot;
    for (const listener of this.#listeners) tell(listener);
  }
}

/** A listener that throws is its owner's trouble; the connection goes on. */
function tell(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
