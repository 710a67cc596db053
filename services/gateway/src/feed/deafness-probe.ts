import { randomUUID } from 'node:crypto';
import { redisNames } from '@parley/contracts';
import { scoped, type ChannelSubscriber, type Log } from '@parley/platform';
import type { Redis } from 'ioredis';

const ASK_EVERY_MS = 2_000;
/** More questions in a row than this that nobody heard make a deaf subscriber. */
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
  readonly #onRebuild: (() => void)[] = [];
  #asked = '';
  #unheard = 0;
  /** Those of the unheard that were asked of this connection and that Redis has taken. */
  #lost = 0;

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

  /** True while it does not hear itself, for whatever reason. */
  get isDeaf(): boolean {
    return this.#unheard > UNHEARD_ALLOWED;
  }

  /** Called whenever a deaf subscriber gets a new connection. */
  onRebuild(listener: () => void): void {
    this.#onRebuild.push(listener);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  readonly #onHeard = (said: string): void => {
    if (said !== this.#asked) return;
    this.#asked = '';
    this.#unheard = 0;
    this.#lost = 0;
  };

  #ask(): void {
    if (this.#lost > UNHEARD_ALLOWED && this.#subscription.status === 'ready') this.#rebuild();
    const question = randomUUID();
    this.#asked = question;
    this.#unheard += 1;
    // While Redis is away or hangs nobody could hear it; a new connection to it would be no better.
    const taken = (): void => {
      if (this.#asked === question) this.#lost += 1;
    };
    this.#publisher.publish(this.#channel, question).then(taken, () => undefined);
  }

  #rebuild(): void {
    this.#log.error({ unheard: this.#unheard }, 'the subscriber is deaf, connecting anew');
    // The new connection gets its own time to be heard on.
    this.#lost = 0;
    for (const listener of this.#onRebuild) listener();
    this.#subscription.disconnect(true);
  }
}
