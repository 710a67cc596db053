import { ParleyError } from '@parley/contracts';
import type { AdminAttempts } from './admin-attempts.ts';
import type { AdminTokens } from './admin-tokens.ts';
import type { Caller } from './caller.ts';
import type { VisitorTokens } from './visitor-tokens.ts';

const LONGEST_TOKEN = 4_096;

/** Finds out who is asking from the one token that a request or connection carries. */
export class Identify {
  readonly #visitors: VisitorTokens;
  readonly #admins: AdminTokens;
  readonly #attempts: AdminAttempts;

  constructor(visitors: VisitorTokens, admins: AdminTokens, attempts: AdminAttempts) {
    this.#visitors = visitors;
    this.#admins = admins;
    this.#attempts = attempts;
  }

  /**
   * A token that is neither an admin's nor a valid visitor's makes an unknown visitor, who may do what those may.
   *
   * @throws ParleyError RATE_LIMIT_EXCEEDED for an address that guesses.
   */
  async byToken(token: string | undefined, ipAddress: string): Promise<Caller> {
    if (token === undefined || token.length > LONGEST_TOKEN) return { kind: 'visitor' };
    const visitor = await this.#visitors.verify(token);
    if (visitor) return { kind: 'visitor', ...visitor };
    if (this.#visitors.claimsToBeOne(token)) return { kind: 'visitor' };
    const isAdmin = await this.#isAdmin(token, ipAddress);
    return isAdmin ? { kind: 'admin' } : { kind: 'visitor' };
  }

  /** @throws ParleyError UNAUTHORIZED unless the token is an admin's. */
  async admin(token: string | undefined, ipAddress: string): Promise<Caller> {
    const isAdmin = token !== undefined && (await this.#isAdmin(token, ipAddress));
    if (!isAdmin) throw new ParleyError('UNAUTHORIZED');
    return { kind: 'admin' };
  }

  async #isAdmin(token: string, ipAddress: string): Promise<boolean> {
    // Compared at once and counted without waiting: of many guesses at the same time none comes before the count.
    const isAdmin = this.#admins.matches(token);
    await (isAdmin ? this.#attempts.assertAllowed(ipAddress) : this.#attempts.failed(ipAddress));
    return isAdmin;
  }
}
