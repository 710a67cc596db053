import { createServer, type RequestListener, type Server } from 'node:http';

/**
 * Times (ms) in which a request must have arrived; how long its answer takes is another matter. Whoever dribbles is cut
 * off, because everyone who is waited for costs a connection. Upgraded connections are Socket.IO's.
 */
const TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 5_000 };

/** A server that nobody keeps busy with half a request. */
export function httpServer(app: RequestListener): Server {
  return createServer(TIMEOUTS, app);
}
