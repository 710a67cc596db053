import { activityFrame, redisNames, type SessionSummary } from '@parley/contracts';
import { readFrame, scoped, type ChannelSubscriber, type HistoryClient, type Log } from '@parley/platform';
import type { Namespace, Socket } from 'socket.io';
import { isShown } from '../../conversations/chat-view.ts';
import { toSessionSummary, toSupportMessage } from '../../conversations/support-view.ts';
import type { Presence } from '../../presence/presence.ts';
import { Coalesced } from '../coalesced.ts';

const ADMINS = 'admins';
const LIST_EVERY_MS = 500;
/** Sessions in a list, newest first. */
const LISTED = 200;

export interface AdminDeskDependencies {
  readonly io: Namespace;
  readonly subscriber: ChannelSubscriber;
  readonly history: HistoryClient;
  readonly presence: Presence;
  readonly log: Log;
  readonly now: () => number;
}

/** The admins connected to this gateway and what they are told of all sessions, wherever those are connected. */
export class AdminDesk {
  readonly #deps: AdminDeskDependencies;
  readonly #admins = new Set<Socket>();
  readonly #list: Coalesced<void>;

  constructor(deps: AdminDeskDependencies) {
    this.#deps = deps;
    this.#list = new Coalesced(
      () => LIST_EVERY_MS,
      deps.now,
      () => this.#sendList(),
    );
    // What was said while the connection was down is in the list.
    deps.subscriber.onGap(() => this.listChanged());
  }

  async enter(socket: Socket): Promise<void> {
    if (this.#admins.has(socket)) return;
    this.#admins.add(socket);
    void socket.join(ADMINS);
    socket.once('disconnect', () => this.#leave(socket));
    if (this.#admins.size === 1) {
      await this.#deps.subscriber.subscribe(redisNames.activityChannel, this.#onPayload);
    }
  }

  /** Something in the list is no longer so; admins get a new one soon. */
  listChanged(): void {
    if (this.#admins.size > 0) this.#list.offer();
  }

  async list(): Promise<SessionSummary[]> {
    const { conversations } = await this.#deps.history.call('listConversations', { limit: LISTED });
    const active = await this.#deps.presence.active(conversations.map(({ id }) => id));
    return conversations.map(conversation => toSessionSummary(conversation, active.has(conversation.id)));
  }

  stop(): void {
    this.#list.stop();
  }

  #leave(socket: Socket): void {
    this.#admins.delete(socket);
    if (this.#admins.size > 0) return;
    this.#deps.subscriber.unsubscribe(redisNames.activityChannel, this.#onPayload).catch(() => undefined);
  }

  readonly #onPayload = (payload: string): void => {
    const frame = readFrame(activityFrame.read, payload);
    if (!frame) return;
    this.listChanged();
    if (frame.type !== 'message.added' || !isShown(frame.message)) return;
    const message = toSupportMessage(frame.message);
    this.#deps.io.local.to(ADMINS).emit('new-message', { sessionId: message.sessionId, message });
  };

  #sendList(): void {
    this.list()
      .then(list => this.#deps.io.local.to(ADMINS).emit('sessions-list', list))
      .catch((error: unknown) => {
        scoped(this.#deps.log, { component: 'AdminDesk', function: 'sendList' }).warn(
          { err: error },
          'no list',
        );
      });
  }
}
