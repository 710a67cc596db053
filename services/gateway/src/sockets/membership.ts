import { ParleyError } from '@parley/contracts';
import type { ConversationFeed } from '../feed/conversation-feed.ts';
import type { FeedHub } from '../feed/feed-hub.ts';
import type { Presence } from '../presence/presence.ts';
import type { Socket } from 'socket.io';

/** Far more than a person looks at; each costs a subscription. */
const MAX_ROOMS = 100;

/** Something under way that leads to a join, unless the room is left before. */
export interface Entry {
  readonly room: string;
  isWanted: boolean;
}

export interface JoinOptions {
  readonly entry?: Entry;
  readonly onJoined?: (feed: ConversationFeed) => void;
}

/**
 * Which conversations one socket follows. A room of the dialect's gets what is said there; the feed is held as long as the
 * socket is in it. A visitor's socket also counts as presence.
 */
export class Membership {
  readonly #socket: Socket;
  readonly #hub: FeedHub;
  readonly #presence: Presence | undefined;
  /** The conversation of each room the socket is in. */
  readonly #joined = new Map<string, string>();
  readonly #entries = new Set<Entry>();
  #closed = false;

  /** @param presence absent for admins, who watch without being there. */
  constructor(socket: Socket, hub: FeedHub, presence: Presence | undefined) {
    this.#socket = socket;
    this.#hub = hub;
    this.#presence = presence;
    socket.once('disconnect', () => {
      this.#closed = true;
      for (const room of [...this.#joined.keys()]) this.leave(room);
    });
  }

  /**
   * Runs what leads to a join; whoever leaves the room meanwhile, does not enter it any more.
   *
   * @throws ParleyError RATE_LIMIT_EXCEEDED if the socket follows too many conversations, before anything is done.
   */
  async entering<T>(room: string, run: (entry: Entry) => Promise<T>): Promise<T> {
    this.#assertPlaceFor(room);
    const entry = { room, isWanted: true };
    this.#entries.add(entry);
    try {
      return await run(entry);
    } finally {
      this.#entries.delete(entry);
    }
  }

  /**
   * @param onJoined is called in the same tick in which the socket enters the room, so that what it sends of the feed's
   *   present state has neither a gap nor a repeat to what follows. Not called if the socket is in the room already.
   * @throws ParleyError RATE_LIMIT_EXCEEDED if the socket follows too many conversations, BUSY if Redis is away.
   */
  async join(
    conversationId: string,
    room: string,
    { entry, onJoined }: JoinOptions = {},
  ): Promise<ConversationFeed> {
    const feed = await this.#hub.acquire(conversationId);
    // It is in the room already, or has gone while waiting.
    if (this.#closed || entry?.isWanted === false || this.#joined.has(room)) {
      this.#hub.release(conversationId);
      return feed;
    }
    try {
      this.#assertPlaceFor(room);
    } catch (error) {
      this.#hub.release(conversationId);
      throw error;
    }
    this.#joined.set(room, conversationId);
    this.#presence?.entered(conversationId);
    void this.#socket.join(room);
    onJoined?.(feed);
    return feed;
  }

  leave(room: string): void {
    for (const entry of this.#entries) if (entry.room === room) entry.isWanted = false;
    const conversationId = this.#joined.get(room);
    if (conversationId === undefined) return;
    this.#joined.delete(room);
    void this.#socket.leave(room);
    this.#hub.release(conversationId);
    this.#presence?.left(conversationId);
  }

  #assertPlaceFor(room: string): void {
    if (this.#joined.size < MAX_ROOMS || this.#joined.has(room)) return;
    throw new ParleyError('RATE_LIMIT_EXCEEDED', { message: 'Leave a conversation first' });
  }
}
