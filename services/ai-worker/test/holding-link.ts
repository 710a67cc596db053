import type { Socket } from 'node:net';
import { TcpProxy } from '@parley/testkit';

type Pair = readonly [client: Socket, redis: Socket];

/**
 * A link to Redis on which nothing passes any more behind a certain command, until it is released: what a process reads that stood
 * still meanwhile.
 */
export class HoldingLink extends TcpProxy {
  readonly #target: number;
  readonly #behind: string;
  readonly #pairs: Pair[] = [];
  #isHeld = false;

  private constructor(target: number, behind: string) {
    super();
    this.#target = target;
    this.#behind = behind;
  }

  /** @param behind what the command has in it, and no command before it. */
  static async start(redisUrl: string, behind: string): Promise<HoldingLink> {
    return new HoldingLink(Number(new URL(redisUrl).port), behind).listen();
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  release(): void {
    this.#isHeld = false;
    for (const [client, redis] of this.#pairs) {
      client.pipe(redis);
      redis.pipe(client);
    }
  }

  protected override accept(client: Socket): void {
    const pair = [client, this.relay(client, this.#target)] as const;
    this.#pairs.push(pair);
    if (this.#isHeld) hold(pair);
    // Behind the relay, which has passed it on.
    const watch = (asked: Buffer): void => {
      if (!asked.includes(this.#behind)) return;
      client.off('data', watch);
      this.#isHeld = true;
      for (const each of this.#pairs) hold(each);
    };
    client.on('data', watch);
  }
}

function hold([client, redis]: Pair): void {
  client.unpipe(redis).pause();
  redis.unpipe(client).pause();
}
