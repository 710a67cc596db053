import { redisNames } from '@parley/contracts';
import { scoped, withDeadline, type ChannelSubscriber, type Log } from '@parley/platform';
import type { Server } from 'socket.io';

export const HEARD = 'heard-everywhere';
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
    io.on(HEARD, (conversationId: string, done: unknown) => {
      // Whoever may publish in Redis can say anything.
      if (typeof done !== 'function') return;
      // One that cannot hear says nothing, and is waited for.
      this.#hear(conversationId).then(
        () => (done as (heard: boolean) => void)(true),
        () => undefined,
      );
    });
  }

  /** Resolves when what was published before has been told everywhere; after 3 s in any case. */
  async wait(conversationId: string): Promise<void> {
    const all = () =>
      Promise.all([this.#hear(conversationId), this.#io.serverSideEmitWithAck(HEARD, conversationId)]);
    try {
      await withDeadline(all, WAIT_MS);
    } catch (error) {
      this.#log.warn({ err: error, conversationId }, 'not all gateways may have told what was published');
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
