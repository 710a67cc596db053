import type {
  AckData,
  AnswerPiece,
  AnswerPosition,
  DoubleTextPolicy,
  Payload,
  nativeClientEvents,
} from '@parley/contracts';
import type { HistoryClient } from '@parley/platform';
import type { ConversationFeed } from '../../feed/conversation-feed.ts';
import type { LiveAnswer } from '../../feed/live-answer.ts';
import type { OpenSession } from '../../sessions/open-session.ts';
import type { SocketSession } from '../../sockets/socket-session.ts';
import type { QueuePositions } from './queue-positions.ts';
import { readPage } from './read-page.ts';

/** Lets the connection hear a conversation. */
export type JoinConversation = (conversationId: string) => Promise<ConversationFeed>;

export interface ResumeDependencies {
  readonly sessions: OpenSession;
  readonly history: HistoryClient;
  readonly doubleText: DoubleTextPolicy;
  readonly positions: QueuePositions;
}

type Catalog = typeof nativeClientEvents;

/** Joins a connection to a conversation and gives it what it lacks, a page at a time. */
export async function resumeConversation(
  session: SocketSession,
  asked: Payload<Catalog, 'resume'>,
  join: JoinConversation,
  { sessions, history, doubleText, positions }: ResumeDependencies,
): Promise<AckData<Catalog, 'resume'>> {
  const opened = await sessions.open(session.caller, asked.conversationId, session.from);
  const { id: conversationId, mode } = opened.conversation;
  if (session.caller.kind === 'visitor') session.become({ kind: 'visitor', visitorId: opened.visitorId });
  // Join first, read then: what is stored in between comes twice rather than not at all.
  const feed = await join(conversationId);
  // Without a lower end it is the newest page, which is what a new client wants.
  const afterSeq = asked.afterSeq > 0 ? asked.afterSeq : undefined;
  const { messages, more } = await readPage(history, { conversationId, afterSeq });
  for (const message of messages) positions.watch(message);
  return {
    ok: true,
    conversationId,
    token: opened.token,
    mode,
    doubleText,
    messages,
    ...(afterSeq === undefined ? { hasNewer: false, hasOlder: more } : { hasNewer: more }),
    pieces: feed.live.map(live => missingPiece(conversationId, live, asked.positions)),
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
