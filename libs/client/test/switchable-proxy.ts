import type { Socket } from 'node:net';
import { TcpProxy } from '@parley/testkit';

/** What becomes of WebSocket handshakes. `hang`: they are swallowed, as some company proxies do. */
export type WebSockets = 'pass' | 'refuse' | 'hang';

/** A proxy in front of gateways: one address whose target, and whose moods, the test decides. */
export class SwitchableProxy extends TcpProxy {
  /** Port on loopback; undefined: there is nobody, connections are reset. */
  target: number | undefined;
  webSockets: WebSockets = 'pass';
  /** WebSocket handshakes and polling requests seen. */
  readonly seen = { webSockets: 0, polls: 0 };

  readonly #relayed: (readonly [client: Socket, gateway: Socket])[] = [];

  private constructor(target: number | undefined) {
    super();
    this.target = target;
  }

  static async start(target?: number): Promise<SwitchableProxy> {
    return new SwitchableProxy(target).listen();
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** On the connections that there are clients are heard, and hear nothing any more. */
  deafen(): void {
    for (const [client, gateway] of this.#relayed.splice(0)) gateway.unpipe(client).resume();
  }

  protected override accept(client: Socket): void {
    client.once('data', (head: Buffer) => {
      const isWebSocket = /^upgrade: *websocket/im.test(head.toString('latin1'));
      this.seen[isWebSocket ? 'webSockets' : 'polls'] += 1;
      if (this.target === undefined || (isWebSocket && this.webSockets === 'refuse')) client.destroy();
      else if (isWebSocket && this.webSockets === 'hang') client.pause();
      else this.#relayed.push([client, this.relay(client, this.target, { head })]);
    });
  }
}
