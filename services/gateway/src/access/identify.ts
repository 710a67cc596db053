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
    const visitorId = await this.#visitors.verify(token);
    if (visitorId !== undefined) return { kind: 'visitor', visitorId };
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
    await this.#attempts.assertAllowed(ipAddress);
    if (this.#admins.matches(token)) return true;
    await this.#attempts.failed(ipAddress);
    return false;
  }
}
