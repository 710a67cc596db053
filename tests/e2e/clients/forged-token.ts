import { createHmac } from 'node:crypto';

const HASHES: Readonly<Record<string, string>> = { HS256: 'sha256', HS512: 'sha512' };

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export interface Forgery {
  readonly secret: string;
  readonly alg?: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** A JWT as an attacker (or, with the real secret, the gateway) would sign it. With `alg: none` it has no signature. */
export function forgedToken({ secret, alg = 'HS256', claims }: Forgery): string {
  const signed = `${encode({ alg })}.${encode({ iss: 'parley', iat: seconds(0), ...claims })}`;
  const hash = HASHES[alg];
  return `${signed}.${hash === undefined ? '' : createHmac(hash, secret).update(signed).digest('base64url')}`;
}

/** Now and a bit, as JWT counts time. */
export function seconds(fromNow: number): number {
  return Math.floor(Date.now() / 1000) + fromNow;
}

/** The token with other claims and the signature of the old ones. */
export function tampered(token: string, claims: Readonly<Record<string, unknown>>): string {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const original = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  return `${header}.${encode({ ...original, ...claims })}.${signature}`;
}
