import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the range from which kernels take the local ports of outgoing connections: a server that is restarted must find its
 * port free, and a client that dials a closed port of that range may, by chance, connect to itself.
 */
const FIRST = 15_000;
const LAST = 32_000;

/** A TCP port that nobody listens on, on loopback. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, LAST);
    if (await isFree(port)) return port;
  }
}

/** False if somebody listens on this port. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port);
  try {
    await once(server, 'listening');
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EADDRINUSE';
  } finally {
    server.close();
  }
}
