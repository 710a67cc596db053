import { setInterval as every } from 'node:timers/promises';
import { NATIVE_NAMESPACE } from '@parley/contracts';
import type { Server } from 'socket.io';
import { connectionsOf, cutOff } from './cut-off.ts';

const LOOK_EVERY_MS = 50;

/**
 * Sends this gateway's clients away, each at a time of its own, so that the others do not get them all at once. Native
 * clients are asked to move; the original ones know only that they are disconnected, and connect again by themselves.
 *
 * @param spreadMs the moves are spread over this time; afterwards whoever is left is disconnected.
 */
export async function drainSockets(io: Server, spreadMs: number): Promise<void> {
  for (const socket of io.of(NATIVE_NAMESPACE).sockets.values()) {
    socket.emit('draining', { reconnectInMs: Math.floor(Math.random() * spreadMs) });
  }
  const timers = [...io.of('/').sockets.values()].map(socket =>
    setTimeout(() => socket.conn.close(), Math.random() * spreadMs),
  );
  const deadline = performance.now() + spreadMs * 1.2;
  for await (const _ of every(LOOK_EVERY_MS)) {
    if (io.engine.clientsCount === 0 || performance.now() > deadline) break;
  }
  for (const timer of timers) clearTimeout(timer);
  // Not `io.disconnectSockets`: through the adapter that would be every gateway's.
  for (const connection of connectionsOf(io.engine)) cutOff(connection);
  io.engine.close();
}
