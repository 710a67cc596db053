import type { Redis } from 'ioredis';

export type ChannelListener = (payload: string) => void;

/**
 * Ref-counted subscriptions on one connection: a channel is subscribed while somebody here listens to it, and no longer.
 */
export class ChannelSubscriber {
  readonly #redis: Redis;
  readonly #listeners = new Map<string, Set<ChannelListener>>();
  readonly #onGap: (() => void)[] = [];
  #wasReady: boolean;

  /** @param redis a connection of role `subscriber`, used for nothing else. */
  constructor(redis: Redis) {
    this.#redis = redis;
    this.#wasReady = redis.status === 'ready';
    redis.on('message', (channel: string, payload: string) => {
      for (const listener of this.#listeners.get(channel) ?? []) listener(payload);
    });
    redis.on('ready', () => {
      if (this.#wasReady) for (const listener of this.#onGap) listener();
      this.#wasReady = true;
    });
  }

  /** Called after each reconnect: whatever was published meanwhile was missed. */
  onGap(listener: () => void): void {
    this.#onGap.push(listener);
  }

  /** Resolves once Redis has confirmed: what is published from then on is heard. */
  async subscribe(channel: string, listener: ChannelListener): Promise<void> {
    const listeners = this.#listeners.get(channel) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(channel, listeners);
    await this.#redis.subscribe(channel);
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
}
