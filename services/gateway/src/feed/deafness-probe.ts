import { randomUUID } from 'node:crypto';
import { redisNames } from '@parley/contracts';
import { scoped, type ChannelSubscriber, type Log } from '@parley/platform';
import type { Redis } from 'ioredis';

const ASK_EVERY_MS = 2_000;
/** So many questions in a row that nobody heard make a deaf subscriber. */
const UNHEARD_ALLOWED = 2;

export interface ProbeOptions {
  readonly publisher: Redis;
  /** The connection of `subscriber`. */
  readonly subscription: Redis;
  readonly subscriber: ChannelSubscriber;
  readonly gatewayId: string;
  readonly log: Log;
  readonly askEveryMs?: number;
}

/**
 * Says something to itself again and again: a subscriber can lose its subscriptions and look healthy to every other check.
 * A deaf one gets a new connection, after which the feeds repair what they missed.
 */
export class DeafnessProbe {
  readonly #publisher: Redis;
  readonly #subscription: Redis;
  readonly #subscriber: ChannelSubscriber;
  readonly #channel: string;
  readonly #log: Log;
  readonly #timer: NodeJS.Timeout;
  #asked = '';
  #unheard = 0;

  constructor({
    publisher,
    subscription,
    subscriber,
    gatewayId,
    log,
    askEveryMs = ASK_EVERY_MS,
  }: ProbeOptions) {
    this.#publisher = publisher;
    this.#subscription = subscription;
    this.#subscriber = subscriber;
    this.#channel = redisNames.selfTestChannel(gatewayId);
    this.#log = scoped(log, { component: 'DeafnessProbe', function: 'ask' });
    this.#timer = setInterval(() => this.#ask(), askEveryMs);
  }

  async start(): Promise<void> {
    await this.#subscriber.subscribe(this.#channel, this.#onHeard);
  }

  get isDeaf(): boolean {
    return this.#unheard > UNHEARD_ALLOWED;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  readonly #onHeard = (said: string): void => {
    if (said === this.#asked) this.#unheard = 0;
  };

  #ask(): void {
    if (this.isDeaf && this.#subscription.status === 'ready') {
      this.#log.error({ unheard: this.#unheard }, 'the subscriber is deaf, connecting anew');
      this.#subscription.disconnect(true);
    }
    this.#asked = randomUUID();
    this.#unheard += 1;
    // While Redis is away there is nobody to hear it; that is told by the connection itself.
    this.#publisher.publish(this.#channel, this.#asked).catch(() => {
      this.#unheard = 0;
    });
  }
}
