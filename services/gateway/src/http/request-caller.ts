import { ParleyError, clientMessageIdSchema } from '@parley/contracts';
import type { Request } from 'express';
import type { z } from 'zod';
import type { Caller, Origin } from '../access/caller.ts';
import type { Identify } from '../access/identify.ts';
import { originOf } from './client-address.ts';

/** Who sent a REST request, and from where. */
export class RequestCaller {
  readonly #identify: Identify;
  readonly #hops: number;

  constructor(identify: Identify, hops: number) {
    this.#identify = identify;
    this.#hops = hops;
  }

  from(request: Request): Origin {
    return originOf(request, this.#hops);
  }

  async caller(request: Request): Promise<Caller> {
    return this.#identify.byToken(bearer(request), this.from(request).ipAddress);
  }

  /** @throws ParleyError UNAUTHORIZED */
  async admin(request: Request): Promise<Caller> {
    return this.#identify.admin(bearer(request), this.from(request).ipAddress);
  }
}

function bearer(request: Request): string | undefined {
  return /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

/** @throws ParleyError INVALID_REQUEST with what is wrong. */
export function parsed<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  // Express leaves the body undefined when there is none.
  const result = schema.safeParse(value ?? {});
  if (!result.success) throw ParleyError.invalid(result.error);
  return result.data;
}

/** @returns the clientMessageId that the `Idempotency-Key` header carries. */
export function idempotencyKey(request: Request): string | undefined {
  const key = request.get('idempotency-key');
  return key === undefined ? undefined : parsed(clientMessageIdSchema, key);
}
