import type { IncomingMessage } from 'node:http';
import proxyAddr from 'proxy-addr';
import type { Origin } from '../access/caller.ts';

/**
 * Where a request really comes from: the address that the outermost trusted proxy saw. The same rule for Express and for
 * Socket.IO, which does not know Express's.
 *
 * @param hops proxies in front of the gateway; whatever stands before them in X-Forwarded-For is the client's own claim.
 */
export function clientAddress(request: IncomingMessage, hops: number): string {
  return proxyAddr(request, (_address, index) => index < hops);
}

export function originOf(request: IncomingMessage, hops: number): Origin {
  return {
    ipAddress: clientAddress(request, hops),
    userAgent: (request.headers['user-agent'] ?? '').slice(0, 1000),
  };
}
