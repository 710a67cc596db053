import type { Redis } from 'ioredis';

export type ChannelListener = (payload: string) => void;

/** Channels named in one SUBSCRIBE after a reconnect. */
const BATCH = 500;

/**
 * Ref-counted subscriptions on one connection: a channel is subscribed while somebody here listens to it, and no longer.
 * After a reconnect it subscribes again what is still listened to, and tells that something was missed.
 */
export class ChannelSubscriber {
  readonly #redis: Redis;
  readonly #listeners = new Map<string, Set<ChannelListener>>();
  readonly #onGap: (() => void)[] = [];
  /** How often the connection has been up. */
  #session = 0;

  /** @param redis a connection of role `subscriber`, used for nothing else. */
  constructor(redis: Redis) {
    this.#redis = redis;
    redis.on('message', (channel: string, payload: string) => {
      for (const listener of this.#listeners.get(channel) ?? []) listener(payload);
    });
    redis.on('ready', () => {
      this.#session += 1;
      void this.#subscribeAgain(this.#session);
    });
  }

  /** Called after each reconnect, when all is subscribed again: whatever was published meanwhile was missed. */
  onGap(listener: () => void): void {
    this.#onGap.push(listener);
  }

  /**
   * Resolves once Redis has confirmed: what is published from then on is heard. If it rejects, the listener stays, and hears
   * when Redis is back, until it is unsubscribed.
   */
  async subscribe(channel: string, listener: ChannelListener): Promise<void> {
    this.listen(channel, listener);
    await this.#redis.subscribe(channel);
  }

  /** Listens whenever Redis is there, without waiting for it. Call it before the connection is up. */
  listen(channel: string, listener: ChannelListener): void {
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners.add(listener));
  }

  async unsubscribe(channel: string, listener: ChannelListener): Promise<void> {
    const listeners = this.#listeners.get(channel);
    listeners?.delete(listener);
    if (!listeners || listeners.size > 0) return;
    this.#listeners.delete(channel);
    await this.#redis.unsubscribe(channel);
  }

  /** Channels with a listener. */
  get channels(): number {
    return this.#listeners.size;
  }

  async #subscribeAgain(session: number): Promise<void> {
    const channels = [...this.#listeners.keys()];
    if (channels.length === 0) return;
    try {
      for (let from = 0; from < channels.length && session === this.#session; from += BATCH) {
        // Some may have been left meanwhile; nobody would ever unsubscribe them again.
        const batch = channels.slice(from, from + BATCH).filter(channel => this.#listeners.has(channel));
        if (batch.length > 0) await this.#redis.subscribe(...batch);
      }
    } catch {
      this.#giveUp(session);
      return;
    }
    if (session === this.#session) for (const listener of this.#onGap) listener();
  }

  /**
   * If the connection broke, the next `ready` subscribes again. If Redis only was too slow to answer, the connection is still
   * up and nothing else would: some channels would be deaf for good.
   */
  #giveUp(session: number): void {
    if (session === this.#session && this.#redis.status === 'ready') this.#redis.disconnect(true);
  }
}
