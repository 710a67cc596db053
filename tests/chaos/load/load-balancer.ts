import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * One address in front of the gateways that are alive just now: each connection goes to the next one that takes it, as behind
 * any load balancer.
 */
export class LoadBalancer implements AsyncDisposable {
  readonly #server: Server;
  readonly #ports: () => readonly number[];
  readonly #open = new Set<Socket>();
  #turn = 0;

  private constructor(ports: () => readonly number[]) {
    this.#ports = ports;
    this.#server = createServer(client => this.#forward(client));
  }

  /** @param ports of the gateways, asked at every connection. */
  static async start(ports: () => readonly number[]): Promise<LoadBalancer> {
    const balancer = new LoadBalancer(ports);
    await new Promise<void>(resolve => balancer.#server.listen(0, '127.0.0.1', resolve));
    return balancer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await new Promise<void>(resolve => this.#server.close(() => resolve()));
  }

  #forward(client: Socket): void {
    const ports = this.#ports();
    const port = ports[this.#turn++ % ports.length];
    if (port === undefined) {
      client.destroy();
      return;
    }
    const gateway = connect(port, '127.0.0.1');
    this.#pair(client, gateway);
    this.#pair(gateway, client);
  }

  /** Either side that goes takes the other with it. */
  #pair(from: Socket, to: Socket): void {
    this.#open.add(from);
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.#open.delete(from);
      to.destroy();
    });
  }
}
