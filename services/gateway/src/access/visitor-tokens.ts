import { SignJWT, decodeJwt, jwtVerify } from 'jose';

const ALGORITHM = 'HS256';
const ISSUER = 'parley';
const LIFETIME = '30d';

/** What a valid token says. */
export interface ProvenVisitor {
  readonly visitorId: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Signs and checks the tokens by which a visitor is known again. */
export class VisitorTokens {
  readonly #secret: Uint8Array;

  constructor(secret: string) {
    this.#secret = new TextEncoder().encode(secret);
  }

  async issue(visitorId: string): Promise<string> {
    return new SignJWT()
      .setProtectedHeader({ alg: ALGORITHM })
      .setIssuer(ISSUER)
      .setSubject(visitorId)
      .setIssuedAt()
      .setExpirationTime(LIFETIME)
      .sign(this.#secret);
  }

  /** @returns undefined if the token is expired, forged or none of ours. */
  async verify(token: string): Promise<ProvenVisitor | undefined> {
    try {
      const { payload } = await jwtVerify(token, this.#secret, {
        algorithms: [ALGORITHM],
        issuer: ISSUER,
        requiredClaims: ['sub', 'exp'],
      });
      const { sub, exp } = payload;
      return sub === undefined || exp === undefined ? undefined : { visitorId: sub, expiresAt: exp * 1000 };
    } catch {
      return undefined;
    }
  }

  /** Whether a token claims to be a visitor's, valid or not: one that has expired is no guess at an admin's. */
  claimsToBeOne(token: string): boolean {
    try {
      return decodeJwt(token).iss === ISSUER;
    } catch {
      return false;
    }
  }
}
