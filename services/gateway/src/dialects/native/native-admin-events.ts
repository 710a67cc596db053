import type { nativeAdminEvents } from '@parley/contracts';
import type { HistoryClient } from '@parley/platform';
import type { Socket } from 'socket.io';
import { assertAdmin } from '../../access/access-policy.ts';
import { toNativeMessage } from '../../conversations/native-view.ts';
import type { SocketSession } from '../../sockets/socket-session.ts';
import type { SayAsAdmin } from '../../turns/say-as-admin.ts';
import type { Handlers } from '../serve-events.ts';

export interface NativeAdminEventsDependencies {
  readonly history: HistoryClient;
  readonly admins: SayAsAdmin;
}

/** What an admin may say in the dialect `native`. Everybody else is refused, event by event. */
export function nativeAdmin(
  socket: Socket,
  session: SocketSession,
  { history, admins }: NativeAdminEventsDependencies,
): Handlers<typeof nativeAdminEvents> {
  return {
    'set-mode': async ({ conversationId, mode }) => {
      assertAdmin(session.caller);
      await history.call('updateConversation', { conversationId, mode });
      return { ok: true };
    },
    'say-as-admin': async said => {
      assertAdmin(session.caller);
      const message = await admins.say({ ...said, socketId: socket.id });
      return { ok: true, message: toNativeMessage(message) };
    },
  };
}
