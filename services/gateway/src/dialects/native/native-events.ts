import type { Payload, nativeClientEvents } from '@parley/contracts';
import type { FramePublisher } from '@parley/platform';
import type { Socket } from 'socket.io';
import type { AccessPolicy } from '../../access/access-policy.ts';
import type { ConversationFeed } from '../../feed/conversation-feed.ts';
import { toNativeMessage } from '../../conversations/native-view.ts';
import type { Entry } from '../../sockets/membership.ts';
import type { SocketSession } from '../../sockets/socket-session.ts';
import type { AnswerControl } from '../../turns/answer-control.ts';
import type { SendTurn } from '../../turns/send-turn.ts';
import type { Handlers } from '../serve-events.ts';
import { loadOlder } from './load-older.ts';
import { nativeRoom, type NativeRenderer } from './native-renderer.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { resumeConversation, type ResumeDependencies } from './resume-conversation.ts';

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
  const { turns, answerControl, frames, positions } = deps;
  const { mayEnter, enter, resume } = waysIn(socket, session, deps);

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
    resume: oneAtATime(resume),
    'load-older': oneAtATime(asked => loadOlder(session, asked, deps)),
    leave: ({ conversationId }) => {
      session.membership.leave(nativeRoom(conversationId));
      return Promise.resolve({ ok: true });
    },
    send,
    edit: ({ messageId, ...turn }) => send({ ...turn, replaces: messageId }),
    stop: async ({ conversationId, answerId }) => {
      await mayEnter(conversationId);
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
      await mayEnter(conversationId);
      const who = session.caller.kind === 'admin' ? 'admin' : 'visitor';
      await frames.toConversation(conversationId, { type: 'typing', who, isTyping, origin: socket.id });
      return { ok: true };
    },
  };
}

/** How a connection comes to hear a conversation. */
function waysIn(socket: Socket, session: SocketSession, deps: NativeEventsDependencies) {
  const { membership } = session;
  const { policy, renderer } = deps;

  const join = (conversationId: string, entry: Entry): Promise<ConversationFeed> =>
    membership.join(conversationId, nativeRoom(conversationId), {
      entry,
      onJoined: feed => renderer.introduce(socket, conversationId, feed.live),
    });

  /** A client that asks again may have lost what the handles stand for. */
  const joinAgain = async (conversationId: string, entry: Entry): Promise<ConversationFeed> => {
    const wasThere = socket.rooms.has(nativeRoom(conversationId));
    const feed = await join(conversationId, entry);
    if (wasThere) renderer.introduce(socket, conversationId, feed.live);
    return feed;
  };

  const mayEnter = (conversationId: string) => policy.assertMayEnter(session.caller, conversationId);
  const enter = (conversationId: string) =>
    membership.entering(nativeRoom(conversationId), async entry => {
      await mayEnter(conversationId);
      await join(conversationId, entry);
    });
  const resume = (asked: Payload<typeof nativeClientEvents, 'resume'>) =>
    membership.entering(nativeRoom(asked.conversationId ?? ''), entry =>
      resumeConversation(session, asked, conversationId => joinAgain(conversationId, entry), deps),
    );

  return { mayEnter, enter, resume };
}
