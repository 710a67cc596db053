import type { ConversationMode, Message } from '@parley/contracts';
import { scoped, type FramePublisher, type Log } from '@parley/platform';

/**
 * Tells whoever is watching what history has stored. Best effort: nobody waits for it, and an outage of Redis, which its
 * connection reports and bounds, is survived in silence; what was missed is read from history.
 */
export class Announcements {
  readonly #frames: FramePublisher;
  readonly #log: Log;
  readonly #underWay = new Set<Promise<void>>();

  constructor(frames: FramePublisher, log: Log) {
    this.#frames = frames;
    this.#log = scoped(log, { component: 'Announcements', function: 'say' });
  }

  /** @param origin opaque name of the connection that the message came from. */
  messageStored(message: Message, origin?: string): void {
    this.#say(
      this.#frames.toConversation(message.conversationId, {
        type: 'message.stored',
        message,
        ...(origin !== undefined && { origin }),
      }),
    );
    this.#say(this.#frames.toAdmins({ type: 'message.added', message }));
  }

  conversationChanged(conversationId: string): void {
    this.#say(this.#frames.toAdmins({ type: 'conversation.changed', conversationId }));
  }

  modeChanged(conversationId: string, mode: ConversationMode): void {
    this.#say(this.#frames.toConversation(conversationId, { type: 'conversation.mode', mode }));
    this.conversationChanged(conversationId);
  }

  conversationDeleted(conversationId: string): void {
    this.#say(this.#frames.toConversation(conversationId, { type: 'conversation.deleted' }));
    this.conversationChanged(conversationId);
  }

  /** Resolves when everything has been said, or has failed. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  #say(saying: Promise<void>): void {
    const said = saying
      .catch((error: unknown) => this.#log.debug({ err: error }, 'could not announce'))
      .finally(() => this.#underWay.delete(said));
    this.#underWay.add(said);
  }
}
