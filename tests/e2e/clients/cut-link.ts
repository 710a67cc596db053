import type { Socket } from 'node:net';
import { TcpProxy } from '@parley/testkit';

/** A link to Redis that can be cut, and whole again. */
export class CutLink extends TcpProxy {
  readonly #target: number;
  #isCut = false;

  private constructor(target: number) {
    super();
    this.#target = target;
  }

  static async start(target: number): Promise<CutLink> {
    return new CutLink(target).listen();
  }

  /** Its connections break, and none is taken any more. */
  cut(): void {
    this.#isCut = true;
    this.dropAll();
  }

  mend(): void {
    this.#isCut = false;
  }

  protected override accept(client: Socket): void {
    if (this.#isCut) client.destroy();
    else this.relay(client, this.#target);
  }
}
