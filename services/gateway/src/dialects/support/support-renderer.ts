import type { Message } from '@parley/contracts';
import type { Namespace } from 'socket.io';
import { isShown } from '../../conversations/chat-view.ts';
import { toSupportMessage } from '../../conversations/support-view.ts';
import { deletedError } from '../deleted-error.ts';
import { LocalRooms } from '../local-rooms.ts';
import type { FeedListener } from '../../feed/feed-listener.ts';

/** The room of a session's sockets that speak the dialect `support`. */
export const supportRoom = (sessionId: string): string => `support:${sessionId}`;

/** Tells what happens in a conversation in the dialect `support`: whole messages, once they are stored. */
export class SupportRenderer implements FeedListener {
  readonly #rooms: LocalRooms;

  constructor(io: Namespace) {
    this.#rooms = new LocalRooms(io, supportRoom);
  }

  answerStored(message: Message): void {
    if (isShown(message)) this.#tell(message, undefined);
  }

  messageStored(message: Message, origin: string | undefined): void {
    // A visitor's socket shows its own message already; an admin's one learns from here that it has been said.
    if (isShown(message)) this.#tell(message, message.role === 'user' ? origin : undefined);
  }

  conversationDeleted(conversationId: string): void {
    this.#rooms.of(conversationId)?.emit('error', deletedError);
  }

  feedClosed(conversationId: string): void {
    this.#rooms.forget(conversationId);
  }

  #tell(message: Message, except: string | undefined): void {
    const to = this.#rooms.of(message.conversationId);
    (except === undefined ? to : to?.except(except))?.emit('message', toSupportMessage(message));
  }
}
