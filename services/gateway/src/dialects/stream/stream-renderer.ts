import type { Message } from '@parley/contracts';
import type { Namespace, Socket } from 'socket.io';
import { deletedError } from '../deleted-error.ts';
import { isShown } from '../../conversations/chat-view.ts';
import type { FeedListener } from '../../feed/feed-listener.ts';
import type { LiveAnswer } from '../../feed/live-answer.ts';
import { Coalesced } from '../coalesced.ts';
import { LocalRooms } from '../local-rooms.ts';

const WINDOW_MS = 50;
/** Each chunk carries the whole text; a long one comes less often, so that an answer costs 22 kB a second and no more. */
const CHARS_PER_MS = 22;

const windowOf = (text: string): number => Math.max(WINDOW_MS, text.length / CHARS_PER_MS);

/** The room of a conversation's clients that speak the dialect `stream`. */
export const streamRoom = (conversationId: string): string => `stream:${conversationId}`;

type Shown = Map<string, Coalesced<string>>;

/** Tells what happens in a conversation in the dialect `stream`: the text so far, again and again. */
export class StreamRenderer implements FeedListener {
  readonly #rooms: LocalRooms;
  readonly #now: () => number;
  /** The answers under way, by conversation. */
  readonly #shown = new Map<string, Shown>();

  constructor(io: Namespace, now: () => number) {
    this.#rooms = new LocalRooms(io, streamRoom);
    this.#now = now;
  }

  answerStarted(conversationId: string, { answerId }: LiveAnswer): void {
    // A new epoch is no new message here: its first chunk replaces the text.
    if (this.#shown.get(conversationId)?.has(answerId)) return;
    this.#begin(conversationId, answerId);
    this.#rooms.of(conversationId)?.emit('stream_start', { messageId: answerId, conversationId });
  }

  answerPiece(conversationId: string, { answerId, text }: LiveAnswer): void {
    // Whoever comes later is shown the text so far (`catchUp`).
    if (!this.#rooms.of(conversationId)) return;
    this.#shown.get(conversationId)?.get(answerId)?.offer(text);
  }

  answerStored(message: Message): void {
    const { id: messageId, conversationId, content } = message;
    const answers = this.#shown.get(conversationId);
    answers?.get(messageId)?.stop();
    const wasShown = answers?.delete(messageId) ?? false;
    const to = this.#rooms.of(conversationId);
    if (!to || (!wasShown && !isShown(message))) return;
    if (!wasShown) to.emit('stream_start', { messageId, conversationId });
    to.emit('stream_chunk', { messageId, content, isComplete: true });
    to.emit('stream_complete', { messageId, conversationId });
  }

  /** The dialect knows no people but the visitor: what an admin says is shown as an answer. */
  messageStored(message: Message): void {
    if (message.role === 'admin' && isShown(message)) this.answerStored(message);
  }

  conversationDeleted(conversationId: string): void {
    this.#showNothing(conversationId);
    this.#rooms.of(conversationId)?.emit('error', deletedError);
  }

  feedClosed(conversationId: string): void {
    this.#showNothing(conversationId);
    this.#rooms.forget(conversationId);
  }

  /** Shows a client that has just joined what is under way. */
  catchUp(socket: Socket, conversationId: string, answers: readonly LiveAnswer[]): void {
    for (const { answerId: messageId, text } of answers) {
      socket.emit('stream_start', { messageId, conversationId });
      if (text !== '') socket.emit('stream_chunk', { messageId, content: text, isComplete: false });
    }
  }

  #showNothing(conversationId: string): void {
    for (const text of this.#shown.get(conversationId)?.values() ?? []) text.stop();
    this.#shown.delete(conversationId);
  }

  #begin(conversationId: string, messageId: string): void {
    const answers: Shown = this.#shown.get(conversationId) ?? new Map<string, Coalesced<string>>();
    this.#shown.set(conversationId, answers);
    const show = (content: string): void => {
      this.#rooms.of(conversationId)?.emit('stream_chunk', { messageId, content, isComplete: false });
    };
    answers.set(messageId, new Coalesced(windowOf, this.#now, show));
  }
}
