import type { Socket } from 'node:net';
import { TcpProxy } from '@parley/testkit';

/**
 * A link to Redis that breaks when it hurts most: what was asked has been done, and its answer gets lost on the way back.
 */
export class BrokenLink extends TcpProxy {
  /** Links broken so far. */
  breaks = 0;
  readonly #target: number;
  #breaking = false;

  private constructor(target: number) {
    super();
    this.#target = target;
  }

  static async start(target: number): Promise<BrokenLink> {
    return new BrokenLink(target).listen();
  }

  /** From now on the next answer is swallowed and its link reset; links opened later are whole. */
  breakAtNextAnswer(): void {
    this.#breaking = true;
  }

  protected override accept(client: Socket): void {
    const redis = this.relay(client, this.#target);
    // Before the relay sees it.
    redis.prependListener('data', () => {
      if (!this.#breaking) return;
      this.#breaking = false;
      this.breaks += 1;
      redis.unpipe(client);
      client.resetAndDestroy();
    });
  }
}
