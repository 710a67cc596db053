import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { ScriptedProvider } from '@parley/testkit';

/** A scripted provider that containers can ask: it listens on loopback only, so its connections are passed on to there. */
export class ReachableProvider implements AsyncDisposable {
  readonly provider: ScriptedProvider;
  readonly #server = createServer(socket => this.#passOn(socket));
  readonly #open = new Set<Socket>();

  private constructor(provider: ScriptedProvider) {
    this.provider = provider;
  }

  static async start(): Promise<ReachableProvider> {
    const reachable = new ReachableProvider(await ScriptedProvider.start());
    // On every address: which one containers see the host under differs from engine to engine.
    reachable.#server.listen(0, '0.0.0.0');
    await once(reachable.#server, 'listening');
    return reachable;
  }

  /** As containers see it. */
  get baseUrl(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://host.docker.internal:${port}/v1`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
    await this.provider.stop();
  }

  #passOn(socket: Socket): void {
    const inner = connect(Number(new URL(this.provider.baseUrl).port), '127.0.0.1');
    for (const [from, to] of [
      [socket, inner],
      [inner, socket],
    ] as const) {
      this.#open.add(from);
      from.on('error', () => to.destroy());
      from.once('close', () => {
        this.#open.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  }
}
