import type { Server } from 'socket.io';
import { Coalesced } from '../dialects/coalesced.ts';

export const PRESENCE_CHANGED = 'presence-changed';
const TELL_EVERY_MS = 500;

/** What gateways tell each other through the Socket.IO adapter. */
export class SharedNotices {
  readonly #io: Server;
  readonly #presence: Coalesced<void>;

  constructor(io: Server, now: () => number) {
    this.#io = io;
    this.#presence = new Coalesced(
      () => TELL_EVERY_MS,
      now,
      () => {
        io.serverSideEmit(PRESENCE_CHANGED);
      },
    );
  }

  /** A session became active or inactive on this gateway. */
  presenceChanged(): void {
    this.#presence.offer();
  }

  /** Called when one did on another gateway. */
  onPresenceChanged(listener: () => void): void {
    this.#io.on(PRESENCE_CHANGED, listener);
  }

  stop(): void {
    this.#presence.stop();
  }
}
