import { scoped, type Log } from '@parley/platform';
import type { Counter } from 'prom-client';
import type { Server } from 'socket.io';
import { networkOf } from '../access/network-of.ts';
import { REST_REPLY_BYTES } from '../conversations/reply-bytes.ts';
import { clientAddress } from '../http/client-address.ts';
import type { UnreadConnection, UnreadReplies } from '../http/unread-replies.ts';
import { connectionsOf, cutOff, type Connection } from './cut-off.ts';

const LOOK_EVERY_MS = 1_000;
/** What may wait for one client. Far above what a phone in a tunnel needs, far below what hurts a gateway. */
const MAX_BACKLOG_BYTES = 1_048_576;
/** What may wait on one HTTP connection: the longest reply, in whatever encoding. */
const MAX_REPLY_BYTES = 2 * REST_REPLY_BYTES;
/** What may wait for all connections of one address, which may be a whole office's. */
const MAX_ADDRESS_BYTES = 8 * REST_REPLY_BYTES;

interface Reader extends UnreadConnection {
  readonly most: number;
}

/**
 * Cuts off clients that do not read what they are sent: Socket.IO and Node buffer for them without bound. They can connect
 * again and resume from where they were.
 */
export class SlowReaders {
  readonly #io: Server;
  readonly #replies: UnreadReplies;
  readonly #proxyHops: number;
  readonly #cut: Counter;
  readonly #log: Log;
  readonly #timer: NodeJS.Timeout;

  constructor(io: Server, replies: UnreadReplies, proxyHops: number, cut: Counter, log: Log) {
    this.#io = io;
    this.#replies = replies;
    this.#proxyHops = proxyHops;
    this.#cut = cut;
    this.#log = scoped(log, { component: 'SlowReaders', function: 'look' });
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  /** Bytes that wait for clients to read them. */
  get unreadBytes(): number {
    return this.#readers().reduce((sum, { bytes }) => sum + bytes, 0);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const ofAddress = Map.groupBy(this.#readers(), ({ request }) =>
      networkOf(clientAddress(request, this.#proxyHops)),
    );
    for (const readers of ofAddress.values()) {
      let kept = 0;
      // Who holds least goes first: one that reads is not cut off for a neighbour that does not.
      for (const reader of readers.sort((a, b) => a.bytes - b.bytes)) {
        if (reader.bytes > reader.most || kept + reader.bytes > MAX_ADDRESS_BYTES) this.#cutOff(reader);
        else kept += reader.bytes;
      }
    }
  }

  #readers(): Reader[] {
    const sockets = connectionsOf(this.#io.engine).flatMap(connection => {
      const { request } = connection;
      const bytes = backlogOf(connection);
      // Of thousands, next to none.
      if (bytes === 0) return [];
      return [{ request, bytes, most: MAX_BACKLOG_BYTES, cutOff: () => cutOff(connection) }];
    });
    const replies = this.#replies.connections.map(connection => ({ ...connection, most: MAX_REPLY_BYTES }));
    return [...sockets, ...replies];
  }

  #cutOff(reader: Reader): void {
    this.#cut.inc();
    this.#log.warn({ bytes: reader.bytes }, 'a client does not read, cutting it off');
    reader.cutOff();
  }
}

function backlogOf({ writeBuffer, transport }: Connection): number {
  const unsent = transport.socket?.bufferedAmount ?? 0;
  return writeBuffer.reduce(
    (bytes, { data }) => bytes + (typeof data === 'string' ? data.length : 0),
    unsent,
  );
}
