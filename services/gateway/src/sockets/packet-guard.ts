import type { Server } from 'socket.io';
import { cutOff, type Connection } from './cut-off.ts';

const MINUTE_MS = 60_000;
/** Whoever goes on this far beyond the limit of events, although it is told to wait, does not want to chat. */
const TIMES_THE_LIMIT = 5;
/** Socket.IO's packets that announce binary attachments. */
const BINARY_PACKET = /^[56]/;

interface TalkingConnection extends Connection {
  on(event: 'packet', heard: (packet: { readonly data?: unknown }) => void): void;
}

/**
 * Closes connections that flood, or send binary data where events carry JSON only. It sees every packet, also those that
 * never become an event, before Socket.IO does, and so before anything is kept for it.
 */
export class PacketGuard {
  readonly #max: number;
  readonly #now: () => number;

  /** @param eventsPerMinute what a connection may send. */
  constructor(eventsPerMinute: number, now: () => number) {
    this.#max = eventsPerMinute * TIMES_THE_LIMIT;
    this.#now = now;
  }

  watch(io: Server): void {
    io.engine.on('connection', (connection: TalkingConnection) => {
      let packets = 0;
      let countedFrom = this.#now();
      connection.on('packet', ({ data }) => {
        if (this.#now() - countedFrom >= MINUTE_MS) {
          packets = 0;
          countedFrom = this.#now();
        }
        packets += 1;
        if (packets > this.#max || isBinary(data)) cutOff(connection);
      });
    });
  }
}

function isBinary(data: unknown): boolean {
  return data !== undefined && (typeof data !== 'string' || BINARY_PACKET.test(data));
}
