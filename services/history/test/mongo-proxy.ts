import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';

/** Asked about each whole message of a client; what does not pass is swallowed, and what has to wait is held. */
type Passes = (message: Buffer) => boolean | Promise<boolean>;

/** Stands between a client and a MongoDB, and lets through only the messages that the test wants through. */
export class MongoProxy {
  readonly #passes: Passes;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer(client => this.#serve(client));
  readonly #target: URL;

  private constructor(target: URL, passes: Passes) {
    this.#target = target;
    this.#passes = passes;
  }

  /** @param passes is asked about each whole message of a client; what does not pass is swallowed. */
  static async start(targetUri: string, passes: Passes): Promise<MongoProxy> {
    const proxy = new MongoProxy(new URL(targetUri), passes);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** The target's URI, by way of this proxy. */
  get uri(): string {
    const { port } = this.#server.address() as AddressInfo;
    return Object.assign(new URL(this.#target), { host: `127.0.0.1:${port}` }).href;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(client: Socket): void {
    const server = connect(Number(this.#target.port || 27_017), this.#target.hostname);
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        server.destroy();
        this.#sockets.delete(socket);
      });
    }
    server.pipe(client);
    let held = Buffer.alloc(0);
    client.on('data', piece => {
      held = Buffer.concat([held, piece as Buffer]);
      // A message begins with its length.
      while (held.length >= 4 && held.length >= held.readInt32LE(0)) {
        const message = held.subarray(0, held.readInt32LE(0));
        held = held.subarray(message.length);
        void this.#pass(message, server);
      }
    });
  }

  /** A client asks nothing else on a connection before it has got its answer, so what waits is not overtaken. */
  async #pass(message: Buffer, server: Socket): Promise<void> {
    if (await this.#passes(message)) server.write(message);
  }
}
