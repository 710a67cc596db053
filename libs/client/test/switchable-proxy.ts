import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What becomes of WebSocket handshakes. `hang`: they are swallowed, as some company proxies do. */
export type WebSockets = 'pass' | 'refuse' | 'hang';

/** A TCP proxy in front of gateways: one address whose target, and whose moods, the test decides. */
export class SwitchableProxy implements AsyncDisposable {
  /** Port on loopback; undefined: there is nobody, connections are reset. */
  target: number | undefined;
  webSockets: WebSockets = 'pass';
  /** WebSocket handshakes and polling requests seen. */
  readonly seen = { webSockets: 0, polls: 0 };
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, target: number | undefined) {
    this.#server = server;
    this.target = target;
    server.on('connection', client => this.#accept(client));
  }

  static async start(target?: number): Promise<SwitchableProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new SwitchableProxy(server, target);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Cuts every connection. */
  dropAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.dropAll();
    await closed;
  }

  #accept(client: Socket): void {
    this.#keep(client);
    client.once('data', (head: Buffer) => {
      const isWebSocket = /^upgrade: *websocket/im.test(head.toString('latin1'));
      this.seen[isWebSocket ? 'webSockets' : 'polls'] += 1;
      if (this.target === undefined || (isWebSocket && this.webSockets === 'refuse')) client.destroy();
      else if (isWebSocket && this.webSockets === 'hang') client.pause();
      else this.#pipe(client, head, this.target);
    });
  }

  #pipe(client: Socket, head: Buffer, port: number): void {
    const server = connect(port, '127.0.0.1');
    this.#keep(server);
    server.write(head);
    client.pipe(server);
    server.pipe(client);
    // A killed gateway resets its connections: its clients see that at once.
    server.once('close', () => client.destroy());
    client.once('close', () => server.destroy());
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
  }
}
