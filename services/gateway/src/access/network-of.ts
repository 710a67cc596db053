import { ipKeyGenerator } from 'express-rate-limit';

/** What one subscriber may be given of IPv6; whoever has it can change the address at will. */
const IPV6_PREFIX = 56;

/** @returns under which name limits count an address: itself, or the network that an IPv6 client has to itself. */
export function networkOf(ipAddress: string): string {
  return ipKeyGenerator(ipAddress, IPV6_PREFIX);
}
