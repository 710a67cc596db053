import { activityFrame, redisNames, type Message, type SessionSummary } from '@parley/contracts';
import { readFrame, scoped, type ChannelSubscriber, type HistoryClient, type Log } from '@parley/platform';
import type { Namespace, Socket } from 'socket.io';
import { isShown } from '../../conversations/chat-view.ts';
import { toSessionSummary, toSupportMessage } from '../../conversations/support-view.ts';
import type { Presence } from '../../presence/presence.ts';
import { Coalesced } from '../coalesced.ts';
import { AdminNews } from './admin-news.ts';

const ADMINS = 'admins';
const LIST_EVERY_MS = 500;
/** Sessions in a list, newest first. */
const LISTED = 200;
const LOOK_EVERY_MS = 2_000;

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
  readonly #timer: NodeJS.Timeout;
  #news: AdminNews;
  #isCatchingUp = false;

  constructor(deps: AdminDeskDependencies) {
    this.#deps = deps;
    this.#list = new Coalesced(
      () => LIST_EVERY_MS,
      deps.now,
      () => this.#sendList(),
    );
    this.#news = new AdminNews(deps.history);
    deps.subscriber.onGap(() => {
      this.listChanged();
      this.#news.miss();
      this.#catchUp();
    });
    // What could not be read is read later.
    this.#timer = setInterval(() => this.#catchUp(), LOOK_EVERY_MS);
  }

  async enter(socket: Socket): Promise<void> {
    if (this.#admins.has(socket)) return;
    this.#admins.add(socket);
    void socket.join(ADMINS);
    socket.once('disconnect', () => this.#leave(socket));
    if (this.#admins.size === 1) await this.#listen();
  }

  /** Something in the list is no longer so; admins get a new one soon. */
  listChanged(): void {
    if (this.#admins.size > 0) this.#list.offer();
  }

  /** True while admins have not been told all that was said while nothing was heard. */
  get isBehind(): boolean {
    return this.#admins.size > 0 && (this.#news.hasMissed || this.#isCatchingUp);
  }

  async list(): Promise<SessionSummary[]> {
    const { conversations } = await this.#deps.history.call('listConversations', { limit: LISTED });
    const active = await this.#deps.presence.active(conversations.map(({ id }) => id));
    return conversations.map(conversation => toSessionSummary(conversation, active.has(conversation.id)));
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#list.stop();
  }

  async #listen(): Promise<void> {
    this.#news = new AdminNews(this.#deps.history);
    await this.#deps.subscriber.subscribe(redisNames.activityChannel, this.#onPayload);
    // Without history an admin is told what is said from now on.
    await this.#news.begin().catch(this.#warns('listen', 'no beginning'));
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
    if (frame.type === 'message.added' && isShown(frame.message)) this.#tell(frame.message);
  };

  #tell(message: Message): void {
    if (!this.#news.isNews(message)) return;
    const { conversationId: sessionId } = message;
    this.#deps.io.local.to(ADMINS).emit('new-message', { sessionId, message: toSupportMessage(message) });
  }

  #catchUp(): void {
    if (this.#isCatchingUp || this.#admins.size === 0 || !this.#news.hasMissed) return;
    const news = this.#news;
    this.#isCatchingUp = true;
    news
      .missed()
      .then(missed => {
        // Otherwise others have entered since, for whom it is no news.
        if (news === this.#news) for (const message of missed) this.#tell(message);
      })
      .catch(this.#warns('catchUp', 'not caught up yet'))
      .finally(() => {
        this.#isCatchingUp = false;
      });
  }

  #sendList(): void {
    this.list()
      .then(list => this.#deps.io.local.to(ADMINS).emit('sessions-list', list))
      .catch(this.#warns('sendList', 'no list'));
  }

  #warns(doing: string, text: string): (error: unknown) => void {
    const line = scoped(this.#deps.log, { component: 'AdminDesk', function: doing });
    return error => line.warn({ err: error }, text);
  }
}
