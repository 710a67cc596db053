import type { Socket } from 'node:net';
import { TcpProxy } from '@parley/testkit';

/**
 * One address in front of the gateways that are alive just now: each connection goes to the next one that takes it, as behind
 * any load balancer.
 */
export class LoadBalancer extends TcpProxy {
  readonly #ports: () => readonly number[];
  #turn = 0;

  private constructor(ports: () => readonly number[]) {
    super();
    this.#ports = ports;
  }

  /** @param ports of the gateways, asked at every connection. */
  static async start(ports: () => readonly number[]): Promise<LoadBalancer> {
    return new LoadBalancer(ports).listen();
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  protected override accept(client: Socket): void {
    const ports = this.#ports();
    const port = ports[this.#turn++ % ports.length];
    if (port === undefined) client.destroy();
    else this.relay(client, port);
  }
}
