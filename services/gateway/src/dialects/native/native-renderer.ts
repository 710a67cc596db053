import type { ConversationMode, Message, Payload, Typist, nativeServerEvents } from '@parley/contracts';
import type { Namespace, Socket } from 'socket.io';
import { toNativeMessage } from '../../conversations/native-view.ts';
import type { FeedListener, NewPiece } from '../../feed/feed-listener.ts';
import type { LiveAnswer } from '../../feed/live-answer.ts';
import { localRoom } from '../local-room.ts';
import { AnswerHandles } from './answer-handles.ts';

/** The room of a conversation's clients that speak the dialect `native`. */
export const nativeRoom = (conversationId: string): string => `native:${conversationId}`;

/** Tells what happens in a conversation in the dialect `native`: pieces with their positions. */
export class NativeRenderer implements FeedListener {
  readonly #io: Namespace;
  readonly #handles = new AnswerHandles();

  constructor(io: Namespace) {
    this.#io = io;
  }

  /** Tells a connection that has just joined, or asks again, what the coming pieces belong to. */
  introduce(socket: Socket, conversationId: string, answers: readonly LiveAnswer[]): void {
    for (const live of answers) socket.emit('answer-started', this.#start(conversationId, live));
  }

  answerStarted(conversationId: string, live: LiveAnswer): void {
    this.#to(conversationId)?.emit('answer-started', this.#start(conversationId, live));
  }

  answerPiece(conversationId: string, live: LiveAnswer, { offset, text }: NewPiece): void {
    const to = this.#to(conversationId);
    if (to) to.emit('piece', [this.#handles.of(conversationId, live), offset, text]);
  }

  answerStored(message: Message): void {
    this.#handles.forgetAnswer(message.conversationId, message.id);
    this.#to(message.conversationId)?.emit('answer-ended', toNativeMessage(message));
  }

  messageStored(message: Message): void {
    this.#to(message.conversationId)?.emit('message', toNativeMessage(message));
  }

  typing(conversationId: string, who: Typist, isTyping: boolean, origin: string): void {
    this.#to(conversationId)?.except(origin).emit('typing', { conversationId, who, isTyping });
  }

  modeChanged(conversationId: string, mode: ConversationMode): void {
    this.#to(conversationId)?.emit('mode', { conversationId, mode });
  }

  conversationDeleted(conversationId: string): void {
    this.#handles.forgetConversation(conversationId);
    this.#to(conversationId)?.emit('deleted', { conversationId });
  }

  feedClosed(conversationId: string): void {
    this.#handles.forgetConversation(conversationId);
  }

  #start(conversationId: string, live: LiveAnswer): Payload<typeof nativeServerEvents, 'answer-started'> {
    const { answerId, epoch } = live;
    return { conversationId, answerId, epoch, handle: this.#handles.of(conversationId, live) };
  }

  #to(conversationId: string) {
    return localRoom(this.#io, nativeRoom(conversationId));
  }
}
