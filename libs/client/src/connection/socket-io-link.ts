import { NATIVE_NAMESPACE } from '@parley/contracts';
import { io } from 'socket.io-client';
import type { Link, LinkListener, LinkTarget, OpenLink } from './link.ts';
import { parseError } from './native-calls.ts';
import { ServerEventReader } from './server-event.ts';

export type Transport = 'websocket' | 'polling';

/**
 * Links over Socket.IO. Both transports are tried; after a link that never came up the other one goes first, because some
 * proxies do not refuse WebSockets, they let them hang.
 */
export function socketIoLinks(transports: readonly Transport[] = ['websocket', 'polling']): OpenLink {
  let order = transports;
  return (target, listener) => {
    const onClosedEarly = (): void => {
      order = order.toReversed();
    };
    return openSocketIoLink(target, order, listener, onClosedEarly);
  };
}

function openSocketIoLink(
  { url, token }: LinkTarget,
  transports: readonly Transport[],
  listener: LinkListener,
  onClosedEarly: () => void,
): Link {
  const socket = io(url.replace(/\/$/, '') + NATIVE_NAMESPACE, {
    forceNew: true,
    // There is one policy of reconnecting, the connection's.
    reconnection: false,
    transports: [...transports],
    tryAllTransports: true,
    auth: token === undefined ? {} : { token },
  });
  const reader = new ServerEventReader();
  let hasConnected = false;
  socket.on('connect', () => {
    hasConnected = true;
    listener.connected();
  });
  socket.on('connect_error', error => listener.lost(parseError('data' in error ? error.data : undefined)));
  socket.on('disconnect', () => listener.lost());
  socket.onAny((name: string, payload: unknown) => {
    const event = reader.read(name, payload);
    if (event) listener.event(event);
  });
  return {
    ask: async (event, payload, deadlineMs) =>
      socket
        .timeout(deadlineMs)
        .emitWithAck(event, payload)
        .catch(() => undefined) as Promise<unknown>,
    tell: (event, payload) => {
      socket.volatile.emit(event, payload);
    },
    close: () => {
      if (!hasConnected) onClosedEarly();
      socket.offAny();
      socket.off();
      socket.disconnect();
    },
  };
}
