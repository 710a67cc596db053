import { Server, createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Longer than a load balancer keeps an idle connection (60 s, mostly): the one who closes first must not be us. */
const KEEP_ALIVE_MS = 65_000;
const CLOSE_IDLE_EVERY_MS = 50;

/** The port or address cannot be had. The message says what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

export interface ListenOptions {
  port: number;
  host: string;
}

/** An HTTP server that is listening. */
export interface HttpServer {
  readonly server: Server;
  /** The real one, also when 0 was asked for. */
  readonly port: number;
  /** Takes no new connection, lets running requests end until the deadline (ms), then cuts them. */
  stop(deadlineMs: number): Promise<void>;
}

/**
 * @param handler what answers requests, or a server that has it already.
 * @throws ListenError if the port is taken or not allowed.
 */
export async function listen(handler: RequestListener | Server, options: ListenOptions): Promise<HttpServer> {
  const server = handler instanceof Server ? handler : createServer(handler);
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, options)));
    server.listen(options.port, options.host, resolve);
  });
  return {
    server,
    port: (server.address() as AddressInfo).port,
    stop: deadlineMs => stop(server, deadlineMs),
  };
}

function explain(error: NodeJS.ErrnoException, { port, host }: ListenOptions): Error {
  if (error.code === 'EADDRINUSE')
    return new ListenError(`Port ${port} on ${host} is taken; set PORT to another one`);
  if (error.code === 'EACCES')
    return new ListenError(`Port ${port} needs more rights; set PORT to one above 1023`);
  return error;
}

async function stop(server: Server, deadlineMs: number): Promise<void> {
  const deadline = setTimeout(() => server.closeAllConnections(), deadlineMs);
  // A connection whose last request has just ended is kept alive by its client, and by nobody here closed.
  const idle = setInterval(() => server.closeIdleConnections(), CLOSE_IDLE_EVERY_MS);
  try {
    await new Promise<void>(resolve => server.close(() => resolve()));
  } finally {
    clearInterval(idle);
    clearTimeout(deadline);
  }
}
