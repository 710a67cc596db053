import type { streamClientEvents } from '@parley/contracts';
import type { Socket } from 'socket.io';
import type { AccessPolicy } from '../../access/access-policy.ts';
import type { SendTurn } from '../../turns/send-turn.ts';
import type { SocketSession } from '../../sockets/socket-session.ts';
import type { Handlers } from '../serve-events.ts';
import { streamRoom, type StreamRenderer } from './stream-renderer.ts';

export interface StreamEventsDependencies {
  readonly policy: AccessPolicy;
  readonly turns: SendTurn;
  readonly renderer: StreamRenderer;
}

/** What a client of the dialect `stream` may say. */
export function streamEvents(
  socket: Socket,
  session: SocketSession,
  { policy, turns, renderer }: StreamEventsDependencies,
): Handlers<typeof streamClientEvents> {
  const { membership } = session;
  const join = (conversationId: string) =>
    membership.entering(streamRoom(conversationId), async entry => {
      await policy.assertMayEnter(session.caller, conversationId);
      await membership.join(conversationId, entry.room, {
        entry,
        onJoined: feed => renderer.catchUp(socket, conversationId, feed.live),
      });
    });
  return {
    join_conversation: async ({ conversationId }) => {
      await join(conversationId);
      return { ok: true };
    },
    leave_conversation: ({ conversationId }) => {
      membership.leave(streamRoom(conversationId));
      return Promise.resolve({ ok: true });
    },
    stream_chat: async ({ message: content, conversationId }) => {
      await join(conversationId);
      const { message } = await turns.send({ ...session.turnFields(), conversationId, content });
      return { ok: true, messageId: message.id, conversationId };
    },
  };
}
