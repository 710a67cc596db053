import type { Socket } from 'node:net';
import { TcpProxy } from '@parley/testkit';

/** A link to Redis that goes dead behind a certain command: Redis carries it out, and nothing passes any more. */
export class HaltingLink extends TcpProxy {
  readonly #target: number;
  readonly #behind: string;
  readonly #pairs: (readonly [client: Socket, redis: Socket])[] = [];
  #isDead = false;

  private constructor(target: number, behind: string) {
    super();
    this.#target = target;
    this.#behind = behind;
  }

  /** @param behind what the command has in it, and no command before it. */
  static async start(target: number, behind: string): Promise<HaltingLink> {
    return new HaltingLink(target, behind).listen();
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  protected override accept(client: Socket): void {
    if (this.#isDead) return;
    this.#pairs.push([client, this.relay(client, this.#target)]);
    // Behind the relay, which has passed it on.
    client.on('data', asked => {
      if (asked.includes(this.#behind)) this.#die();
    });
  }

  #die(): void {
    this.#isDead = true;
    for (const [client, redis] of this.#pairs) {
      client.unpipe(redis);
      redis.unpipe(client);
    }
  }
}
