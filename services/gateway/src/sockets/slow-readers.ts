import { scoped, type Log } from '@parley/platform';
import type { Counter } from 'prom-client';
import type { Server } from 'socket.io';
import { connectionsOf, cutOff, type Connection } from './cut-off.ts';

const LOOK_EVERY_MS = 1_000;
/** What may wait for one client. Far above what a phone in a tunnel needs, far below what hurts a gateway. */
const MAX_BACKLOG_BYTES = 1_048_576;

/**
 * Cuts off clients that do not read what they are sent: Socket.IO buffers for them without bound. They can connect again
 * and resume from where they were.
 */
export class SlowReaders {
  readonly #io: Server;
  readonly #cut: Counter;
  readonly #log: Log;
  readonly #timer: NodeJS.Timeout;

  constructor(io: Server, cut: Counter, log: Log) {
    this.#io = io;
    this.#cut = cut;
    this.#log = scoped(log, { component: 'SlowReaders', function: 'look' });
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    for (const connection of connectionsOf(this.#io.engine)) {
      const bytes = backlogOf(connection);
      if (bytes <= MAX_BACKLOG_BYTES) continue;
      this.#cut.inc();
      this.#log.warn({ bytes }, 'a client does not read, cutting it off');
      cutOff(connection);
    }
  }
}

function backlogOf({ writeBuffer, transport }: Connection): number {
  const unsent = transport.socket?.bufferedAmount ?? 0;
  return writeBuffer.reduce(
    (bytes, { data }) => bytes + (typeof data === 'string' ? data.length : 0),
    unsent,
  );
}
