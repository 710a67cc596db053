import { request } from 'node:http';
import { waitFor } from '@parley/testkit';
import { WebSocket, type ClientOptions } from 'ws';

const PATH = '/socket.io/?EIO=4&transport=websocket';

/** A WebSocket that says what no Socket.IO client would say. */
export class RawSocket implements Disposable {
  readonly ws: WebSocket;
  /** Engine.IO packets as they came. */
  readonly received: string[] = [];
  /** The code with which the connection was closed. */
  closed: number | undefined;

  private constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on('message', data => {
      const packet = (data as Buffer).toString();
      this.received.push(packet);
      if (packet === '2') ws.send('3');
    });
    ws.on('close', code => {
      this.closed = code;
    });
    // What goes wrong shows in `closed`.
    ws.on('error', () => undefined);
  }

  /** Resolves when Engine.IO has opened the connection. */
  static async open(url: string, options: ClientOptions = {}): Promise<RawSocket> {
    const ws = new WebSocket(`${url.replace('http', 'ws')}${PATH}`, { perMessageDeflate: false, ...options });
    const raw = new RawSocket(ws);
    await waitFor(() => raw.received[0]?.startsWith('0{'), { what: 'the connection to open' });
    return raw;
  }

  /** Like `open`, and enters a namespace. */
  static async join(url: string, options: ClientOptions = {}, namespace = '/'): Promise<RawSocket> {
    const raw = await RawSocket.open(url, options);
    const prefix = namespace === '/' ? '40' : `40${namespace},`;
    raw.say(prefix);
    await raw.until(packet => packet.startsWith(`${prefix}{`));
    return raw;
  }

  say(packet: string | Buffer): void {
    this.ws.send(packet);
  }

  /** Resolves with the first packet for which it holds. */
  async until(holds: (packet: string) => boolean): Promise<string> {
    return waitFor(() => this.received.find(holds), { what: 'a packet', deadlineMs: 10_000 });
  }

  async untilClosed(deadlineMs = 10_000): Promise<number> {
    return waitFor(() => this.closed, { what: 'the connection to be closed', deadlineMs });
  }

  [Symbol.dispose](): void {
    this.ws.terminate();
  }
}

/** @returns the status with which an upgrade is answered; 101 if it is granted. */
export async function upgradeStatus(
  url: string,
  headers: Record<string, string>,
  path = PATH,
): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  const asked = request(`${url}${path}`, {
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': Buffer.alloc(16).toString('base64'),
      ...headers,
    },
  });
  asked.on('response', response => {
    response.destroy();
    resolve(response.statusCode);
  });
  asked.on('upgrade', (response, socket) => {
    socket.destroy();
    resolve(response.statusCode);
  });
  asked.on('error', reject);
  asked.end();
  return promise;
}
