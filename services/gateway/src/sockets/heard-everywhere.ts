import { setTimeout as pause } from 'node:timers/promises';
import { redisNames } from '@parley/contracts';
import { scoped, type ChannelSubscriber, type Log } from '@parley/platform';
import type { Server } from 'socket.io';

const HEARD = 'heard-everywhere';
/** Nobody waits longer for a gateway that hangs: while it does, its clients hear nothing from it. */
const WAIT_MS = 3_000;

/** Tells when the clients on all gateways have been told what was published in a conversation. */
export class HeardEverywhere {
  readonly #io: Server;
  readonly #subscriber: ChannelSubscriber;
  readonly #log: Log;

  constructor(io: Server, subscriber: ChannelSubscriber, log: Log) {
    this.#io = io;
    this.#subscriber = subscriber;
    this.#log = scoped(log, { component: 'HeardEverywhere', function: 'wait' });
    io.on(HEARD, (conversationId: string, done: (heard: boolean) => void) => {
      // One that cannot hear says nothing, and is waited for.
      this.#hear(conversationId).then(
        () => done(true),
        () => undefined,
      );
    });
  }

  /** Resolves when what was published before has been told everywhere; after 3 s in any case. */
  async wait(conversationId: string): Promise<void> {
    const heard = new AbortController();
    const late = async (): Promise<never> => {
      await pause(WAIT_MS, undefined, { signal: heard.signal });
      throw new Error('a gateway has not answered');
    };
    const all = [this.#hear(conversationId), this.#io.serverSideEmitWithAck(HEARD, conversationId)];
    try {
      await Promise.race([Promise.all(all), late()]);
    } catch (error) {
      this.#log.warn({ err: error, conversationId }, 'not all gateways may have told what was published');
    } finally {
      heard.abort();
    }
  }

  /** Redis confirms a subscription behind what it has published before, and frames are told as they come. */
  async #hear(conversationId: string): Promise<void> {
    const channel = redisNames.conversationChannel(conversationId);
    const listener = (): void => undefined;
    await this.#subscriber.subscribe(channel, listener).finally(() => {
      this.#subscriber.unsubscribe(channel, listener).catch(() => undefined);
    });
  }
}
