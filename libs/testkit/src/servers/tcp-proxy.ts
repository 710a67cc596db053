import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** What becomes of a connection that is relayed. */
export interface RelayOptions {
  /** What has been read of the client already. */
  readonly head?: Uint8Array;
  /** What the client says takes its way through this. */
  readonly up?: Duplex;
  /** What the client hears takes its way through this, to the end. */
  readonly down?: Duplex;
}

/** A TCP proxy on loopback; a subclass decides what becomes of each connection. */
export abstract class TcpProxy implements AsyncDisposable {
  readonly #server = createServer(client => {
    this.#keep(client);
    this.accept(client);
  });
  readonly #sockets = new Set<Socket>();

  /** Resolves when it can be reached. */
  async listen(): Promise<this> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
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

  /** Relays a client's connection, hangs it up, or lets it hang. */
  protected abstract accept(client: Socket): void;

  /**
   * Connects a client to a port on loopback. When one end closes, so does the other.
   *
   * @returns the end that answers.
   */
  protected relay(client: Socket, port: number, { head, up, down }: RelayOptions = {}): Socket {
    const server = connect(port, '127.0.0.1');
    this.#keep(server);
    if (head) server.write(head);
    (up ? client.pipe(up) : client).pipe(server);
    (down ? server.pipe(down) : server).pipe(client);
    server.once('close', () => (down ? down.end() : client.destroy()));
    client.once('close', () => server.destroy());
    return server;
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
  }
}
