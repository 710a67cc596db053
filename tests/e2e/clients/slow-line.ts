import type { Socket } from 'node:net';
import { Transform } from 'node:stream';
import { TcpProxy } from '@parley/testkit';

const BYTES_PER_MS = 1_000;

/** A line to a gateway over which a megabyte a second gets to the client, steadily. */
export class SlowLine extends TcpProxy {
  readonly #target: number;

  private constructor(target: number) {
    super();
    this.#target = target;
  }

  static async start(target: number): Promise<SlowLine> {
    return new SlowLine(target).listen();
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  protected override accept(client: Socket): void {
    const down = new Transform({
      transform: (chunk: Buffer, _, done) => {
        setTimeout(done, chunk.length / BYTES_PER_MS, null, chunk);
      },
    });
    this.relay(client, this.#target, { down });
  }
}
