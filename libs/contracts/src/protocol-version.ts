/**
 * Version of everything that crosses a process boundary. `protocol-version.test.ts` pins a hash of the wire schemas
 * beside it, so that nobody changes the wire by accident.
 *
 * - 1: first version.
 * - 2: dialect `native`: `answer-piece` became `piece`, `[handle, offset, text]`; `answer-started` tells the handle.
 */
export const PROTOCOL_VERSION = 2;
