import type { ConversationMode, Message, Typist } from '@parley/contracts';
import type { Namespace } from 'socket.io';
import { toNativeMessage } from '../../conversations/native-view.ts';
import type { FeedListener, NewPiece } from '../../feed/feed-listener.ts';
import type { LiveAnswer } from '../../feed/live-answer.ts';

/** The room of a conversation's clients that speak the dialect `native`. */
export const nativeRoom = (conversationId: string): string => `native:${conversationId}`;

/** Tells what happens in a conversation in the dialect `native`: pieces with their positions. */
export class NativeRenderer implements FeedListener {
  readonly #io: Namespace;

  constructor(io: Namespace) {
    this.#io = io;
  }

  answerStarted(conversationId: string, { answerId, epoch }: LiveAnswer): void {
    this.#emit(conversationId, 'answer-started', { conversationId, answerId, epoch });
  }

  answerPiece(conversationId: string, { answerId, epoch }: LiveAnswer, { offset, text }: NewPiece): void {
    this.#emit(conversationId, 'answer-piece', { conversationId, answerId, epoch, offset, text });
  }

  answerStored(message: Message): void {
    this.#emit(message.conversationId, 'answer-ended', toNativeMessage(message));
  }

  messageStored(message: Message): void {
    this.#emit(message.conversationId, 'message', toNativeMessage(message));
  }

  typing(conversationId: string, who: Typist, isTyping: boolean, origin: string): void {
    const room = nativeRoom(conversationId);
    this.#io.local.to(room).except(origin).emit('typing', { conversationId, who, isTyping });
  }

  modeChanged(conversationId: string, mode: ConversationMode): void {
    this.#emit(conversationId, 'mode', { conversationId, mode });
  }

  conversationDeleted(conversationId: string): void {
    this.#emit(conversationId, 'deleted', { conversationId });
  }

  #emit(conversationId: string, event: string, payload: unknown): void {
    const room = nativeRoom(conversationId);
    if (this.#io.adapter.rooms.has(room)) this.#io.local.to(room).emit(event, payload);
  }
}
