import type { supportAdminEvents } from '@parley/contracts';
import type { HistoryClient } from '@parley/platform';
import type { Socket } from 'socket.io';
import { assertAdmin } from '../../access/access-policy.ts';
import type { Identify } from '../../access/identify.ts';
import { isShown } from '../../conversations/chat-view.ts';
import { SOCKET_PAGE_BYTES } from '../../conversations/reply-bytes.ts';
import { toSupportMessage } from '../../conversations/support-view.ts';
import type { SocketSession } from '../../sockets/socket-session.ts';
import type { SayAsAdmin } from '../../turns/say-as-admin.ts';
import type { Handlers } from '../serve-events.ts';
import type { AdminDesk } from './admin-desk.ts';

export interface AdminEventsDependencies {
  readonly identify: Identify;
  readonly desk: AdminDesk;
  readonly history: HistoryClient;
  readonly admins: SayAsAdmin;
}

/** What an admin may say in the dialect `support`. Everybody else is refused, event by event. */
export function adminEvents(
  socket: Socket,
  session: SocketSession,
  { identify, desk, history, admins }: AdminEventsDependencies,
): Handlers<typeof supportAdminEvents> {
  return {
    'admin-connect': async payload => {
      if (session.caller.kind !== 'admin') {
        session.become(await identify.admin(payload?.token, session.from.ipAddress));
      }
      await desk.enter(socket);
      return { ok: true };
    },
    'get-sessions': async () => {
      assertAdmin(session.caller);
      await desk.enter(socket);
      socket.emit('sessions-list', await desk.list());
      return { ok: true };
    },
    'get-messages': async ({ sessionId }) => {
      assertAdmin(session.caller);
      const page = { conversationId: sessionId, maxBytes: SOCKET_PAGE_BYTES };
      const { messages } = await history.call('listMessages', page);
      socket.emit('messages-history', messages.filter(isShown).map(toSupportMessage));
      return { ok: true };
    },
    admin_message: async ({ sessionId, content }) => {
      assertAdmin(session.caller);
      const message = await admins.say({ conversationId: sessionId, content, socketId: socket.id });
      return { ok: true, message: toSupportMessage(message) };
    },
  };
}
