import type { ConversationMode, Message, Payload, Typist, nativeServerEvents } from '@parley/contracts';
import type { Namespace, Socket } from 'socket.io';
import { toNativeMessage } from '../../conversations/native-view.ts';
import type { FeedListener, NewPiece } from '../../feed/feed-listener.ts';
import type { LiveAnswer } from '../../feed/live-answer.ts';
import { LocalRooms } from '../local-rooms.ts';
import { AnswerHandles } from './answer-handles.ts';

/** The room of a conversation's clients that speak the dialect `native`. */
export const nativeRoom = (conversationId: string): string => `native:${conversationId}`;

/** Tells what happens in a conversation in the dialect `native`: pieces with their positions. */
export class NativeRenderer implements FeedListener {
  readonly #rooms: LocalRooms;
  readonly #handles = new AnswerHandles();

  constructor(io: Namespace) {
    this.#rooms = new LocalRooms(io, nativeRoom);
  }

  /** Tells a connection that has just joined, or asks again, what the coming pieces belong to. */
  introduce(socket: Socket, conversationId: string, answers: readonly LiveAnswer[]): void {
    for (const live of answers) socket.emit('answer-started', this.#start(conversationId, live));
  }

  answerStarted(conversationId: string, live: LiveAnswer): void {
    this.#rooms.of(conversationId)?.emit('answer-started', this.#start(conversationId, live));
  }

  answerPiece(conversationId: string, live: LiveAnswer, { offset, text }: NewPiece): void {
    const to = this.#rooms.of(conversationId);
    if (to) to.emit('piece', [this.#handles.of(conversationId, live), offset, text]);
  }

  answerStored(message: Message): void {
    this.#handles.forgetAnswer(message.conversationId, message.id);
    this.#rooms.of(message.conversationId)?.emit('answer-ended', toNativeMessage(message));
  }

  messageStored(message: Message): void {
    this.#rooms.of(message.conversationId)?.emit('message', toNativeMessage(message));
  }

  typing(conversationId: string, who: Typist, isTyping: boolean, origin: string): void {
    this.#rooms.of(conversationId)?.except(origin).emit('typing', { conversationId, who, isTyping });
  }

  modeChanged(conversationId: string, mode: ConversationMode): void {
    this.#rooms.of(conversationId)?.emit('mode', { conversationId, mode });
  }

  conversationDeleted(conversationId: string): void {
    this.#handles.forgetConversation(conversationId);
    this.#rooms.of(conversationId)?.emit('deleted', { conversationId });
  }

  feedClosed(conversationId: string): void {
    this.#handles.forgetConversation(conversationId);
    this.#rooms.forget(conversationId);
  }

  #start(conversationId: string, live: LiveAnswer): Payload<typeof nativeServerEvents, 'answer-started'> {
    const { answerId, epoch } = live;
    return { conversationId, answerId, epoch, handle: this.#handles.of(conversationId, live) };
  }
}
