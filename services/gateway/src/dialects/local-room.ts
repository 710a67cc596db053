import type { Namespace } from 'socket.io';

/** Those in a room whose connection is to this gateway; undefined if there are none, so that nothing is encoded for nobody. */
export function localRoom(io: Namespace, room: string) {
  return io.adapter.rooms.has(room) ? io.local.to(room) : undefined;
}
