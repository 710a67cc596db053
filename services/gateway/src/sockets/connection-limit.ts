import type { IncomingMessage } from 'node:http';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { Server } from 'socket.io';
import { networkOf } from '../access/network-of.ts';
import { clientAddress } from '../http/client-address.ts';

/** An office that comes back all at once after a gateway's restart does not reach it; who connects in a loop does. */
const HANDSHAKES_PER_CONNECTION_AND_MINUTE = 3;

interface OpenedConnection {
  /** The one that `allows` was asked about. */
  readonly request: IncomingMessage;
  once(event: 'close', gone: () => void): void;
}

/** How many connections one address may have on this gateway, and how fast it may make them. */
export class ConnectionLimit {
  readonly #max: number;
  readonly #proxyHops: number;
  readonly #handshakes: RateLimiterMemory;
  /** By address: connections that are open or being made. */
  readonly #count = new Map<string, number>();
  /** The addresses of those being made. */
  readonly #beingMade = new Map<IncomingMessage, string>();

  constructor(max: number, proxyHops: number) {
    this.#max = max;
    this.#proxyHops = proxyHops;
    const points = max * HANDSHAKES_PER_CONNECTION_AND_MINUTE;
    this.#handshakes = new RateLimiterMemory({ points, duration: 60 });
  }

  /** Asked once for every new connection, before it is made. */
  async allows(request: IncomingMessage): Promise<boolean> {
    const address = this.#addressOf(request);
    if ((this.#count.get(address) ?? 0) >= this.#max) return false;
    // Before anything is waited for: of many at once, none comes before the count.
    this.#add(address, 1);
    this.#beingMade.set(request, address);
    // Of an upgrade that fails in `ws` nothing else is heard. Of requests in a row on one connection there may be many.
    request.socket.setMaxListeners(0).once('close', () => this.#wasNotMade(request));
    const isSlowEnough = await this.#handshakes.consume(address).then(
      () => true,
      () => false,
    );
    if (!isSlowEnough) this.#wasNotMade(request);
    return isSlowEnough;
  }

  watch(io: Server): void {
    io.engine.on('connection_error', ({ req }: { req: IncomingMessage }) => this.#wasNotMade(req));
    io.engine.on('connection', (connection: OpenedConnection) => {
      const address = this.#addressOf(connection.request);
      // Its socket may have been closed before, and the place given up.
      if (!this.#beingMade.delete(connection.request)) this.#add(address, 1);
      connection.once('close', () => this.#add(address, -1));
    });
  }

  #addressOf(request: IncomingMessage): string {
    return networkOf(clientAddress(request, this.#proxyHops));
  }

  #wasNotMade(request: IncomingMessage): void {
    const address = this.#beingMade.get(request);
    if (address === undefined) return;
    this.#beingMade.delete(request);
    this.#add(address, -1);
  }

  #add(address: string, change: 1 | -1): void {
    const count = (this.#count.get(address) ?? 0) + change;
    if (count > 0) this.#count.set(address, count);
    else this.#count.delete(address);
  }
}
