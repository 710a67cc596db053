import type { Socket } from 'node:net';
import { TcpProxy } from '@parley/testkit';

/** A link to Redis on which subscribers can be made deaf: their connections stay up, and nothing is published to them. */
export class DeafLink extends TcpProxy {
  readonly #target: number;
  readonly #subscribers: (readonly [client: Socket, redis: Socket])[] = [];

  private constructor(target: number) {
    super();
    this.#target = target;
  }

  static async start(target: number): Promise<DeafLink> {
    return new DeafLink(target).listen();
  }

  /** The subscribers of now; those that connect later hear. */
  deafen(): void {
    for (const [client, redis] of this.#subscribers.splice(0)) {
      redis.unpipe(client);
      redis.resume();
    }
  }

  protected override accept(client: Socket): void {
    const redis = this.relay(client, this.#target);
    client.on('data', asked => {
      if (/\bsubscribe\b/i.test(asked.toString('latin1'))) this.#subscribers.push([client, redis]);
    });
  }
}
