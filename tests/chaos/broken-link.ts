import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * A TCP link to Redis that breaks when it hurts most: what was asked has been done, and its answer gets lost on the way back.
 */
export class BrokenLink implements AsyncDisposable {
  /** Links broken so far. */
  breaks = 0;
  readonly #server: Server;
  readonly #target: number;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #breaking = false;

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.#target = target;
    server.on('connection', client => this.#accept(client));
  }

  static async start(target: number): Promise<BrokenLink> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new BrokenLink(server, target);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** From now on the next answer of each link is swallowed and the link reset; links opened later are whole. */
  breakAtNextAnswer(): void {
    this.#breaking = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
    await closed;
  }

  #accept(client: Socket): void {
    const redis = connect(this.#target, '127.0.0.1');
    const pair = [client, redis] as const;
    this.#pairs.add(pair);
    for (const socket of pair) {
      socket.on('error', () => undefined);
      socket.once('close', () => {
        this.#pairs.delete(pair);
        for (const end of pair) end.destroy();
      });
    }
    client.on('data', asked => redis.write(asked));
    redis.on('data', answer => {
      if (!this.#breaking) return void client.write(answer);
      this.#breaking = false;
      this.breaks += 1;
      client.resetAndDestroy();
    });
  }
}
