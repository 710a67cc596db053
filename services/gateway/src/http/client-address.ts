import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import proxyAddr from 'proxy-addr';
import type { Origin } from '../access/caller.ts';

/**
 * Where a request really comes from: the address that the outermost trusted proxy saw. The same rule for Express and for
 * Socket.IO, which does not know Express's.
 *
 * @param hops proxies in front of the gateway; whatever stands before them in X-Forwarded-For is the client's own claim.
 */
export function clientAddress(request: IncomingMessage, hops: number): string {
  const forwarded = withoutPort(proxyAddr(request, (_address, index) => index < hops));
  return isIP(forwarded) > 0 ? forwarded : withoutPort(request.socket.remoteAddress ?? '');
}

/** Some proxies add the port, by which a client would have a new address with every connection. */
function withoutPort(address: string): string {
  const [, ipv6] = /^\[(.+)\](?::\d+)?$/.exec(address) ?? [];
  const [, ipv4] = /^(?:::ffff:)?(\d+(?:\.\d+){3})(?::\d+)?$/i.exec(address) ?? [];
  return ipv6 ?? ipv4 ?? address;
}

export function originOf(request: IncomingMessage, hops: number): Origin {
  return {
    ipAddress: clientAddress(request, hops),
    userAgent: (request.headers['user-agent'] ?? '').slice(0, 1000),
  };
}
