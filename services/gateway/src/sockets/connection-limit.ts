import type { IncomingMessage } from 'node:http';
import type { Server } from 'socket.io';
import { clientAddress } from '../http/client-address.ts';

/** How many connections one address may have on this gateway. */
export class ConnectionLimit {
  readonly #max: number;
  readonly #proxyHops: number;
  readonly #open = new Map<string, number>();

  constructor(max: number, proxyHops: number) {
    this.#max = max;
    this.#proxyHops = proxyHops;
  }

  /** Asked before the upgrade, and for every long-polling request; only a handshake makes a new connection. */
  allows(request: IncomingMessage): boolean {
    const isHandshake = !/[?&]sid=/.test(request.url ?? '');
    return !isHandshake || (this.#open.get(this.#addressOf(request)) ?? 0) < this.#max;
  }

  watch(io: Server): void {
    io.engine.on(
      'connection',
      (connection: { request: IncomingMessage; once(event: 'close', gone: () => void): void }) => {
        const address = this.#addressOf(connection.request);
        this.#open.set(address, (this.#open.get(address) ?? 0) + 1);
        connection.once('close', () => this.#closed(address));
      },
    );
  }

  #addressOf(request: IncomingMessage): string {
    return clientAddress(request, this.#proxyHops);
  }

  #closed(address: string): void {
    const left = (this.#open.get(address) ?? 1) - 1;
    if (left > 0) this.#open.set(address, left);
    else this.#open.delete(address);
  }
}
