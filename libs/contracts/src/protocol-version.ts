/**
 * Version of everything that crosses a process boundary. `protocol-version.test.ts` pins a hash of the wire schemas
 * beside it, so that nobody changes the wire by accident.
 *
 * - 1: first version.
 */
export const PROTOCOL_VERSION = 1;
