import { createHash, timingSafeEqual } from 'node:crypto';
import { ParleyError } from '@parley/contracts';
import type { RequestHandler } from 'express';

/** Refuses whoever does not send `Authorization: Bearer <token>`. */
export function requireToken(token: string): RequestHandler {
  const expected = digest(`Bearer ${token}`);
  return (request, _response, next) => {
    // Digests have one length, so the comparison tells nothing about the token, not even how long it is.
    if (!timingSafeEqual(digest(request.headers.authorization ?? ''), expected))
      throw new ParleyError('UNAUTHORIZED');
    next();
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
