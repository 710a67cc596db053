import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the range from which kernels take the local ports of outgoing connections: a server that is restarted must find its
 * port free, and a client that dials a closed port of that range may, by chance, connect to itself.
 */
const FIRST = 15_000;
const SHARE = 2_000;
const SHARES = 8;

/** Ports that were given out and are, perhaps, not listened on yet. */
const given = new Set<number>();

/** A TCP port that nobody listens on, on loopback, and that is given to nobody else: each process of Vitest has a share of them. */
export async function freePort(): Promise<number> {
  const first = FIRST + (Number(process.env.VITEST_POOL_ID ?? 0) % SHARES) * SHARE;
  for (;;) {
    const port = randomInt(first, first + SHARE);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
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
