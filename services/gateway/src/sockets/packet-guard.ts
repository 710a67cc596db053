import type { Server } from 'socket.io';
import { cutOff, type Connection } from './cut-off.ts';

const MINUTE_MS = 60_000;
/** Whoever goes on this far beyond the limit of events, although it is told to wait, does not want to chat. */
const TIMES_THE_LIMIT = 5;
/** Socket.IO's packets that announce binary attachments. */
const BINARY_PACKET = /^[56]/;

type Transport = Connection['transport'] & {
  /** A WebSocket's pings and pongs never become packets: `ws` answers them by itself. */
  readonly socket?: { on?(event: 'ping' | 'pong', heard: () => void): void };
};
interface TalkingConnection extends Connection {
  readonly transport: Transport;
  on(event: 'packet', heard: (packet: { readonly data?: unknown }) => void): void;
  on(event: 'upgrading', heard: (transport: Transport) => void): void;
}

/**
 * Closes connections that flood, or send binary data where events carry JSON only. It sees every packet and frame, also those
 * that never become an event, before Socket.IO does, and so before anything is kept for it.
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
      const count = (): void => {
        if (this.#now() - countedFrom >= MINUTE_MS) {
          packets = 0;
          countedFrom = this.#now();
        }
        packets += 1;
        if (packets > this.#max) cutOff(connection);
      };
      const countFrames = ({ socket }: Transport): void => {
        socket?.on?.('ping', count);
        socket?.on?.('pong', count);
      };
      countFrames(connection.transport);
      connection.on('upgrading', countFrames);
      connection.on('packet', ({ data }) => {
        if (isBinary(data)) cutOff(connection);
        else count();
      });
    });
  }
}

function isBinary(data: unknown): boolean {
  return data !== undefined && (typeof data !== 'string' || BINARY_PACKET.test(data));
}
