import type { nativeClientEvents } from '@parley/contracts';
import type { FramePublisher } from '@parley/platform';
import type { Socket } from 'socket.io';
import type { AccessPolicy } from '../../access/access-policy.ts';
import { toNativeMessage } from '../../conversations/native-view.ts';
import type { SocketSession } from '../../sockets/socket-session.ts';
import type { AnswerControl } from '../../turns/answer-control.ts';
import type { SendTurn } from '../../turns/send-turn.ts';
import type { Handlers } from '../serve-events.ts';
import { loadOlder } from './load-older.ts';
import { nativeRoom, type NativeRenderer } from './native-renderer.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { resumeConversation, type JoinConversation, type ResumeDependencies } from './resume-conversation.ts';

export interface NativeEventsDependencies extends ResumeDependencies {
  readonly renderer: NativeRenderer;
  readonly policy: AccessPolicy;
  readonly turns: SendTurn;
  readonly answerControl: AnswerControl;
  readonly frames: FramePublisher;
}

/** What a client of the dialect `native` may say. */
export function nativeEvents(
  socket: Socket,
  session: SocketSession,
  deps: NativeEventsDependencies,
): Handlers<typeof nativeClientEvents> {
  const { policy, turns, answerControl, frames, positions, renderer } = deps;

  const join: JoinConversation = conversationId =>
    session.membership.join(conversationId, nativeRoom(conversationId), feed =>
      renderer.introduce(socket, conversationId, feed.live),
    );

  /** A client that asks again may have lost what the handles stand for. */
  const joinAgain: JoinConversation = async conversationId => {
    const wasThere = socket.rooms.has(nativeRoom(conversationId));
    const feed = await join(conversationId);
    if (wasThere) renderer.introduce(socket, conversationId, feed.live);
    return feed;
  };

  const enter = async (conversationId: string): Promise<void> => {
    await policy.assertMayEnter(session.caller, conversationId);
    await join(conversationId);
  };

  const send = async (turn: {
    conversationId: string;
    clientMessageId: string;
    content: string;
    replaces?: string;
  }) => {
    await enter(turn.conversationId);
    const { message, answer } = await turns.send({ ...session.turnFields(), ...turn });
    if (answer) positions.watch(answer);
    return { ok: true as const, message: toNativeMessage(message), ...(answer && { answerId: answer.id }) };
  };

  return {
    resume: oneAtATime(asked => resumeConversation(session, asked, joinAgain, deps)),
    'load-older': oneAtATime(asked => loadOlder(session, asked, deps)),
    leave: ({ conversationId }) => {
      session.membership.leave(nativeRoom(conversationId));
      return Promise.resolve({ ok: true });
    },
    send,
    edit: ({ messageId, ...turn }) => send({ ...turn, replaces: messageId }),
    stop: async ({ conversationId, answerId }) => {
      await enter(conversationId);
      await answerControl.stop(conversationId, answerId);
      return { ok: true };
    },
    retry: async asked => {
      await enter(asked.conversationId);
      const again = await answerControl.retry(asked, session.turnFields());
      positions.watch(again);
      return { ok: true, answerId: again.id };
    },
    typing: async ({ conversationId, isTyping }) => {
      await enter(conversationId);
      const who = session.caller.kind === 'admin' ? 'admin' : 'visitor';
      await frames.toConversation(conversationId, { type: 'typing', who, isTyping, origin: socket.id });
      return { ok: true };
    },
  };
}
