/**
 * Version of everything that crosses a process boundary. `protocol-version.test.ts` pins a hash of the wire schemas
 * beside it, so that nobody changes the wire by accident.
 *
 * - 1: first version.
 * - 2: dialect `native`: `answer-piece` became `piece`, `[handle, offset, text]`; `answer-started` tells the handle;
 *   `resume` answers in pages (`hasNewer`, `hasOlder`) and tells `doubleText`; `load-older`. A claim has a
 *   `claimId`, and a job of queue `answers` may have an `unsettledClaim`. `appendTurn` may
 *   have a `maxOpen`. Ids are no longer `.` or `..`. `getPen`, `needsAnswer`. Error
 *   code `BUDGET_SPENT`.
 */
export const PROTOCOL_VERSION = 2;
