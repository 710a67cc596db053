import type { Namespace } from 'socket.io';

type Audience = Namespace['local'];

/**
 * The rooms of one dialect, a room for each conversation, as far as its clients are connected to this gateway.
 *
 * A token costs a lookup: the names and the operators are made once, because a string that has just been put together is
 * hashed anew each time it is looked for.
 */
export class LocalRooms {
  readonly #io: Namespace;
  readonly #nameOf: (conversationId: string) => string;
  readonly #rooms = new Map<string, { readonly name: string; readonly audience: Audience }>();

  constructor(io: Namespace, nameOf: (conversationId: string) => string) {
    this.#io = io;
    this.#nameOf = nameOf;
  }

  /** Those in the conversation's room; undefined if there are none, so that nothing is encoded for nobody. */
  of(conversationId: string): Audience | undefined {
    const { name, audience } = this.#rooms.get(conversationId) ?? this.#make(conversationId);
    return this.#io.adapter.rooms.has(name) ? audience : undefined;
  }

  /** The conversation is no longer followed here. */
  forget(conversationId: string): void {
    this.#rooms.delete(conversationId);
  }

  #make(conversationId: string) {
    const name = this.#nameOf(conversationId);
    const room = { name, audience: this.#io.local.to(name) };
    this.#rooms.set(conversationId, room);
    return room;
  }
}
