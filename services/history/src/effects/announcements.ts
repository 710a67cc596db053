import type { ConversationMode, Message } from '@parley/contracts';
import { scoped, withDeadline, type FramePublisher, type Log } from '@parley/platform';
import type { HistoryMetrics } from '../history-metrics.ts';

/** Frames that wait for Redis. Those beyond are dropped: memory must not grow with an outage. */
const MAX_WAITING = 2_000;
/** What an ending process still gives to a Redis that is slow or away. */
const SETTLE_MS = 2_000;

/**
 * Tells whoever is watching what history has stored. Nobody waits for it. While Redis is away it is kept: a gateway whose own
 * connection broke reads from history what it has missed, but one that Redis has been there for has no reason to.
 */
export class Announcements {
  readonly #frames: FramePublisher;
  readonly #metrics: Pick<HistoryMetrics, 'announcementDropped'>;
  readonly #log: Log;
  readonly #underWay = new Set<Promise<void>>();

  /** @param frames on a connection that waits for Redis. */
  constructor(frames: FramePublisher, metrics: Pick<HistoryMetrics, 'announcementDropped'>, log: Log) {
    this.#frames = frames;
    this.#metrics = metrics;
    this.#log = scoped(log, { component: 'Announcements', function: 'say' });
  }

  /** @param origin opaque name of the connection that the message came from. */
  messageStored(message: Message, origin?: string): void {
    this.#say(() =>
      this.#frames.toConversation(message.conversationId, {
        type: 'message.stored',
        message,
        ...(origin !== undefined && { origin }),
      }),
    );
    this.#say(() => this.#frames.toAdmins({ type: 'message.added', message }));
  }

  conversationChanged(conversationId: string): void {
    this.#say(() => this.#frames.toAdmins({ type: 'conversation.changed', conversationId }));
  }

  modeChanged(conversationId: string, mode: ConversationMode): void {
    this.#say(() => this.#frames.toConversation(conversationId, { type: 'conversation.mode', mode }));
    this.conversationChanged(conversationId);
  }

  conversationDeleted(conversationId: string): void {
    this.#say(() => this.#frames.toConversation(conversationId, { type: 'conversation.deleted' }));
    this.conversationChanged(conversationId);
  }

  /** Resolves when everything has been said, or Redis has not let it be said for a while. */
  async settled(): Promise<void> {
    await withDeadline(() => Promise.all(this.#underWay), SETTLE_MS).catch(() => undefined);
  }

  #say(say: () => Promise<void>): void {
    if (this.#underWay.size >= MAX_WAITING) {
      this.#metrics.announcementDropped();
      return;
    }
    const said = say()
      .catch((error: unknown) => this.#log.debug({ err: error }, 'could not announce'))
      .finally(() => this.#underWay.delete(said));
    this.#underWay.add(said);
  }
}
