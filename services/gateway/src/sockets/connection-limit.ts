import type { IncomingMessage } from 'node:http';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { Server } from 'socket.io';
import { networkOf } from '../access/network-of.ts';
import { clientAddress } from '../http/client-address.ts';

/** An office that comes back all at once after a gateway's restart does not reach it; who connects in a loop does. */
const HANDSHAKES_PER_CONNECTION_AND_MINUTE = 3;

/** How many connections one address may have on this gateway, and how fast it may make them. */
export class ConnectionLimit {
  readonly #max: number;
  readonly #proxyHops: number;
  readonly #handshakes: RateLimiterMemory;
  readonly #open = new Map<string, number>();

  constructor(max: number, proxyHops: number) {
    this.#max = max;
    this.#proxyHops = proxyHops;
    const points = max * HANDSHAKES_PER_CONNECTION_AND_MINUTE;
    this.#handshakes = new RateLimiterMemory({ points, duration: 60 });
  }

  /** Asked once for every new connection, before it is made. */
  async allows(request: IncomingMessage): Promise<boolean> {
    const address = this.#addressOf(request);
    if ((this.#open.get(address) ?? 0) >= this.#max) return false;
    return this.#handshakes.consume(address).then(
      () => true,
      () => false,
    );
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
    return networkOf(clientAddress(request, this.#proxyHops));
  }

  #closed(address: string): void {
    const left = (this.#open.get(address) ?? 1) - 1;
    if (left > 0) this.#open.set(address, left);
    else this.#open.delete(address);
  }
}
