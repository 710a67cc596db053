import type { IncomingMessage } from 'node:http';

/** The parts of an Engine.IO connection that its types do not show. */
export interface Connection {
  readonly id: string;
  /** The one that opened it. */
  readonly request: IncomingMessage;
  /** What Socket.IO has not handed to the transport yet. */
  readonly writeBuffer: readonly { readonly data?: unknown }[];
  /** `socket` is a WebSocket, if the transport is one. */
  readonly transport: {
    readonly socket?: { readonly bufferedAmount?: number; readonly terminate?: () => void };
  };
  close(discard: boolean): void;
}

/**
 * Ends a connection at once. A polite close waits for what is unsent and for the other side's word; one that does not read
 * gives neither, and would keep its memory and hold up a shutdown.
 */
export function cutOff(connection: Connection): void {
  const { socket } = connection.transport;
  connection.close(true);
  socket?.terminate?.();
}

/** All connections of an Engine.IO server. */
export function connectionsOf(engine: unknown): Connection[] {
  return Object.values((engine as { clients: Record<string, Connection> }).clients);
}
