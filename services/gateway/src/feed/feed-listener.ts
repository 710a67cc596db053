import type { ConversationMode, Message, Typist } from '@parley/contracts';
import type { LiveAnswer } from './live-answer.ts';

/** A piece that has just been added to a live answer. */
export interface NewPiece {
  /** UTF-16 code units before it. */
  readonly offset: number;
  readonly text: string;
}

/** What happens in the conversations that somebody here follows, each thing once and in order; take what you need. */
export interface FeedListener {
  /** An epoch begins: text of an older one is void. */
  answerStarted?(conversationId: string, live: LiveAnswer): void;
  /** `live` already contains the piece. */
  answerPiece?(conversationId: string, live: LiveAnswer, piece: NewPiece): void;
  /** The answer has ended and is stored. */
  answerStored?(message: Message): void;
  /** `origin`: the connection that sent it and knows it already. */
  messageStored?(message: Message, origin: string | undefined): void;
  /** `origin`: the connection it came from. */
  typing?(conversationId: string, who: Typist, isTyping: boolean, origin: string): void;
  modeChanged?(conversationId: string, mode: ConversationMode): void;
  conversationDeleted?(conversationId: string): void;
  /** Text before a piece was missing; it is read from the answer log. */
  gapFound?(conversationId: string): void;
  /** Nobody here follows the conversation any more. */
  feedClosed?(conversationId: string): void;
}
