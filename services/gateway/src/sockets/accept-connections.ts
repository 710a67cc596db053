import { ParleyError, errorBodySchema, type ErrorEvent } from '@parley/contracts';
import type { Namespace, Socket } from 'socket.io';
import { z } from 'zod';
import type { Identify } from '../access/identify.ts';
import type { FeedHub } from '../feed/feed-hub.ts';
import { originOf } from '../http/client-address.ts';
import type { Presence } from '../presence/presence.ts';
import { Membership } from './membership.ts';
import { SocketSession } from './socket-session.ts';

export interface AcceptDependencies {
  readonly identify: Identify;
  readonly hub: FeedHub;
  readonly presence: Presence;
  readonly proxyHops: number;
}

const handshakeSchema = z.object({ token: z.string().optional() });
/** What a timer can wait for at most; a client that is cut after 24 days connects again and goes on. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** Finds out who connects to a namespace and lets `onSession` serve it; whoever may not connect is told why. */
export function acceptConnections(
  namespace: Namespace,
  { identify, hub, presence, proxyHops }: AcceptDependencies,
  onSession: (socket: Socket, session: SocketSession) => void,
): void {
  const admit = async (socket: Socket): Promise<void> => {
    const handshake = handshakeSchema.safeParse(socket.handshake.auth);
    if (!handshake.success) throw ParleyError.invalid(handshake.error);
    const from = originOf(socket.request, proxyHops);
    const caller = await identify.byToken(handshake.data.token, from.ipAddress);
    const membership = new Membership(socket, hub, caller.kind === 'visitor' ? presence : undefined);
    (socket.data as { session?: SocketSession }).session = new SocketSession(
      socket,
      caller,
      from,
      membership,
    );
  };
  namespace.use((socket, next) => {
    admit(socket).then(
      () => next(),
      (thrown: unknown) => next(refusal(thrown)),
    );
  });
  namespace.on('connection', socket => {
    const { session } = socket.data as { session?: SocketSession };
    if (!session) return;
    cutAtExpiry(socket, session);
    onSession(socket, session);
  });
}

/** A connection is worth no more than the token it came with. Its client connects again with the newest it holds. */
function cutAtExpiry(socket: Socket, { caller }: SocketSession): void {
  if (caller.kind !== 'visitor' || caller.expiresAt === undefined) return;
  const error = { ...new ParleyError('UNAUTHORIZED').toBody(), event: 'connect' } satisfies ErrorEvent;
  const cut = (): void => {
    socket.emit('error', error);
    socket.conn.close();
  };
  const timer = setTimeout(cut, Math.min(caller.expiresAt - Date.now(), LONGEST_TIMEOUT_MS));
  socket.once('disconnect', () => clearTimeout(timer));
}

/** Socket.IO hands `data` to the client's `connect_error`. */
function refusal(thrown: unknown): Error {
  const error = ParleyError.from(thrown);
  return Object.assign(new Error(error.message), { data: errorBodySchema.parse(error.toBody()) });
}
