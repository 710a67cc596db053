import {
  NATIVE_NAMESPACE,
  nativeAdminEvents,
  nativeClientEvents,
  streamClientEvents,
  supportAdminEvents,
  supportVisitorEvents,
  type DoubleTextPolicy,
  type EventCatalog,
} from '@parley/contracts';
import type { ChannelSubscriber, FramePublisher, HistoryClient, Log } from '@parley/platform';
import type { Namespace, Server, Socket } from 'socket.io';
import type { Access } from '../access/access.ts';
import type { FeedHub } from '../feed/feed-hub.ts';
import type { Presence } from '../presence/presence.ts';
import type { OpenSession } from '../sessions/open-session.ts';
import { acceptConnections } from '../sockets/accept-connections.ts';
import type { EventLimit } from '../sockets/event-limit.ts';
import { HeardEverywhere } from '../sockets/heard-everywhere.ts';
import type { SocketSession } from '../sockets/socket-session.ts';
import type { AnswerControl } from '../turns/answer-control.ts';
import type { SayAsAdmin } from '../turns/say-as-admin.ts';
import type { SendTurn } from '../turns/send-turn.ts';
import { nativeAdmin } from './native/native-admin-events.ts';
import { nativeEvents } from './native/native-events.ts';
import { NativeRenderer } from './native/native-renderer.ts';
import type { QueuePositions } from './native/queue-positions.ts';
import { refuseUnknownEvents, serveEvents, type Handlers } from './serve-events.ts';
import { streamEvents } from './stream/stream-events.ts';
import { StreamRenderer } from './stream/stream-renderer.ts';
import { adminEvents } from './support/admin-events.ts';
import type { AdminDesk } from './support/admin-desk.ts';
import { SupportRenderer } from './support/support-renderer.ts';
import { visitorEvents } from './support/visitor-events.ts';

export interface DialectsDependencies extends Access {
  readonly history: HistoryClient;
  readonly hub: FeedHub;
  readonly positions: QueuePositions;
  readonly frames: FramePublisher;
  readonly answerControl: AnswerControl;
  readonly subscriber: ChannelSubscriber;
  readonly presence: Presence;
  readonly desk: AdminDesk;
  readonly sessions: OpenSession;
  readonly turns: SendTurn;
  readonly admins: SayAsAdmin;
  readonly limit: EventLimit;
  readonly doubleText: DoubleTextPolicy;
  readonly proxyHops: number;
  readonly now: () => number;
  readonly log: Log;
}

/** Serves the three dialects: the two original ones share the main namespace, as their clients expect. */
export function serveDialects(io: Server, deps: DialectsDependencies): void {
  const original = io.of('/');
  const native = io.of(NATIVE_NAMESPACE);
  const stream = new StreamRenderer(original, deps.now);
  const renderer = new NativeRenderer(native);
  const heard = new HeardEverywhere(io, deps.subscriber, deps.log);
  deps.hub.addListener(stream);
  deps.hub.addListener(new SupportRenderer(original));
  deps.hub.addListener(renderer);
  deps.hub.addListener(deps.positions);

  const serve = <C extends EventCatalog>(socket: Socket, catalog: C, handlers: Handlers<C>): void =>
    serveEvents(socket, catalog, handlers, deps.limit, deps.log);

  serveNamespace(original, deps, (socket, session) => {
    serve(socket, streamClientEvents, streamEvents(socket, session, { ...deps, renderer: stream }));
    serve(socket, supportVisitorEvents, visitorEvents(socket, session, deps));
    serve(socket, supportAdminEvents, adminEvents(socket, session, deps));
  });
  serveNamespace(native, deps, (socket, session) => {
    serve(socket, nativeClientEvents, nativeEvents(socket, session, { ...deps, renderer }));
    serve(socket, nativeAdminEvents, nativeAdmin(socket, session, { ...deps, heard }));
  });
}

function serveNamespace(
  namespace: Namespace,
  deps: DialectsDependencies,
  serve: (socket: Socket, session: SocketSession) => void,
): void {
  acceptConnections(namespace, deps, (socket, session) => {
    serve(socket, session);
    refuseUnknownEvents(socket, deps.limit, deps.log);
  });
}
