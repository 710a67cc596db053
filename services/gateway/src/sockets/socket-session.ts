import type { Socket } from 'socket.io';
import { visitorIdOf, type Caller, type Origin } from '../access/caller.ts';
import type { Membership } from './membership.ts';

/** What a gateway knows of one connection. */
export class SocketSession {
  readonly membership: Membership;
  readonly from: Origin;
  readonly #socketId: string;
  #caller: Caller;

  constructor(socket: Socket, caller: Caller, from: Origin, membership: Membership) {
    this.#socketId = socket.id;
    this.#caller = caller;
    this.from = from;
    this.membership = membership;
  }

  get caller(): Caller {
    return this.#caller;
  }

  /** The connection has proved to be somebody else than at first. */
  become(caller: Caller): void {
    this.#caller = caller;
  }

  /** What every message sent from this connection carries. */
  turnFields(): { socketId: string; visitorId?: string; from: Origin } {
    const visitorId = visitorIdOf(this.#caller);
    return { socketId: this.#socketId, from: this.from, ...(visitorId !== undefined && { visitorId }) };
  }
}
