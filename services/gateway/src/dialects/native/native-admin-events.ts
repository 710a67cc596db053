import type { nativeAdminEvents } from '@parley/contracts';
import type { HistoryClient } from '@parley/platform';
import type { Socket } from 'socket.io';
import { assertAdmin } from '../../access/access-policy.ts';
import { toNativeMessage } from '../../conversations/native-view.ts';
import type { HeardEverywhere } from '../../sockets/heard-everywhere.ts';
import type { SocketSession } from '../../sockets/socket-session.ts';
import type { SayAsAdmin } from '../../turns/say-as-admin.ts';
import type { Handlers } from '../serve-events.ts';

export interface NativeAdminEventsDependencies {
  readonly history: HistoryClient;
  readonly admins: SayAsAdmin;
  readonly heard: HeardEverywhere;
}

/** What an admin may say in the dialect `native`. Everybody else is refused, event by event. */
export function nativeAdmin(
  socket: Socket,
  session: SocketSession,
  { history, admins, heard }: NativeAdminEventsDependencies,
): Handlers<typeof nativeAdminEvents> {
  return {
    'set-mode': async ({ conversationId, mode }) => {
      assertAdmin(session.caller);
      await history.call('updateConversation', { conversationId, mode });
      // The AI is silent when its last words have been told, wherever its readers are connected.
      if (mode === 'human') await heard.wait(conversationId);
      return { ok: true };
    },
    'say-as-admin': async said => {
      assertAdmin(session.caller);
      const message = await admins.say({ ...said, socketId: socket.id });
      return { ok: true, message: toNativeMessage(message) };
    },
  };
}
