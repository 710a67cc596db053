import type { AnswerPiece, AnswerPosition, nativeClientEvents } from '@parley/contracts';
import type { HistoryClient } from '@parley/platform';
import type { AccessPolicy } from '../../access/access-policy.ts';
import { toNativeMessage } from '../../conversations/native-view.ts';
import type { LiveAnswer } from '../../feed/live-answer.ts';
import type { OpenSession } from '../../sessions/open-session.ts';
import type { SocketSession } from '../../sockets/socket-session.ts';
import type { SendTurn } from '../../turns/send-turn.ts';
import type { Handlers } from '../serve-events.ts';
import { nativeRoom } from './native-renderer.ts';

export interface NativeEventsDependencies {
  readonly policy: AccessPolicy;
  readonly sessions: OpenSession;
  readonly turns: SendTurn;
  readonly history: HistoryClient;
}

/** What a client of the dialect `native` may say. */
export function nativeEvents(
  session: SocketSession,
  { policy, sessions, turns, history }: NativeEventsDependencies,
): Handlers<typeof nativeClientEvents> {
  return {
    resume: async ({ conversationId: asked, positions, afterSeq }) => {
      const opened = await sessions.open(session.caller, asked, session.from);
      const { id: conversationId, mode } = opened.conversation;
      if (session.caller.kind === 'visitor') session.become({ kind: 'visitor', visitorId: opened.visitorId });
      // Join first, read then: what is stored in between comes twice rather than not at all.
      const feed = await session.membership.join(conversationId, nativeRoom(conversationId));
      const { messages } = await history.call('listMessages', { conversationId, afterSeq });
      return {
        ok: true,
        conversationId,
        token: opened.token,
        mode,
        messages: messages.map(toNativeMessage),
        pieces: feed.live.map(live => missingPiece(conversationId, live, positions)),
      };
    },
    leave: ({ conversationId }) => {
      session.membership.leave(nativeRoom(conversationId));
      return Promise.resolve({ ok: true });
    },
    send: async ({ conversationId, clientMessageId, content }) => {
      await policy.assertMayEnter(session.caller, conversationId);
      await session.membership.join(conversationId, nativeRoom(conversationId));
      const turn = { ...session.turnFields(), conversationId, clientMessageId, content };
      const { message, answer } = await turns.send(turn);
      return { ok: true, message: toNativeMessage(message), ...(answer && { answerId: answer.id }) };
    },
  };
}

function missingPiece(
  conversationId: string,
  { answerId, epoch, text }: LiveAnswer,
  positions: readonly AnswerPosition[],
): AnswerPiece {
  const held =
    positions.find(position => position.answerId === answerId && position.epoch === epoch)?.offset ?? 0;
  // Nobody holds more than there is; a client that says so starts again.
  const offset = held <= text.length ? held : 0;
  return { conversationId, answerId, epoch, offset, text: text.slice(offset) };
}
