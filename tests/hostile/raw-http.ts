import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { waitFor } from '@parley/testkit';

/** A TCP connection to a gateway over which anything can be said, in any pieces. */
export class RawHttp implements Disposable {
  readonly #socket: Socket;
  reply = '';
  closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      this.reply += text;
    });
    socket.on('close', () => {
      this.closed = true;
    });
    // What goes wrong shows in `closed`.
    socket.on('error', () => undefined);
  }

  static async open(url: string): Promise<RawHttp> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    const raw = new RawHttp(socket);
    await once(socket, 'connect');
    return raw;
  }

  say(bytes: string | Buffer): void {
    this.#socket.write(bytes);
  }

  async untilClosed(deadlineMs = 10_000): Promise<void> {
    await waitFor(() => this.closed, { what: 'the connection to be closed', deadlineMs });
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

/** @returns the status line with which the gateway answers exactly these bytes. */
export async function rawStatus(url: string, text: string): Promise<number> {
  using raw = await RawHttp.open(url);
  raw.say(text);
  const [, status] = await waitFor(() => /^HTTP\/1\.1 (\d+)/.exec(raw.reply), { what: 'a status line' });
  return Number(status);
}
