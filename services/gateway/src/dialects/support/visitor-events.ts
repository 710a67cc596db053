import type { supportVisitorEvents } from '@parley/contracts';
import type { Socket } from 'socket.io';
import type { AccessPolicy } from '../../access/access-policy.ts';
import { toSupportMessage } from '../../conversations/support-view.ts';
import type { OpenSession } from '../../sessions/open-session.ts';
import type { SocketSession } from '../../sockets/socket-session.ts';
import type { SendTurn } from '../../turns/send-turn.ts';
import type { Handlers } from '../serve-events.ts';
import { supportRoom } from './support-renderer.ts';

export interface VisitorEventsDependencies {
  readonly policy: AccessPolicy;
  readonly sessions: OpenSession;
  readonly turns: SendTurn;
}

/** What a visitor may say in the dialect `support`. */
export function visitorEvents(
  socket: Socket,
  session: SocketSession,
  { policy, sessions, turns }: VisitorEventsDependencies,
): Handlers<typeof supportVisitorEvents> {
  return {
    init_session: async payload => {
      const asked = payload?.sessionId ?? undefined;
      const opened = await session.membership.entering(supportRoom(asked ?? ''), () =>
        sessions.open(session.caller, asked, session.from),
      );
      const sessionId = opened.conversation.id;
      if (session.caller.kind === 'visitor') session.become({ kind: 'visitor', visitorId: opened.visitorId });
      await session.membership.join(sessionId, supportRoom(sessionId));
      socket.emit('session_init', { sessionId });
      return { sessionId, token: opened.token };
    },
    user_message: async ({ sessionId, content }) => {
      await policy.assertMayEnter(session.caller, sessionId);
      await session.membership.join(sessionId, supportRoom(sessionId));
      const { message } = await turns.send({ ...session.turnFields(), conversationId: sessionId, content });
      return { ok: true, message: toSupportMessage(message) };
    },
  };
}
