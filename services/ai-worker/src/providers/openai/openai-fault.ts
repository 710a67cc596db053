import { APIConnectionError, APIError } from 'openai';
import { z } from 'zod';
import type { ProviderKey } from '../../keys/provider-key.ts';
import { ProviderError, type ProviderErrorKind } from '../provider-error.ts';
import { retryAfterMs } from './retry-after.ts';

const MESSAGE_CHARS = 300;

/** An error as OpenAI and those like it tell it, in a body or in the middle of a stream. Some put the status in `code`. */
export const faultSchema = z.object({
  code: z.union([z.string(), z.number()]).nullish(),
  type: z.string().nullish(),
  message: z.string().nullish(),
});
export type OpenAiFault = z.infer<typeof faultSchema>;

/** The account behind the key cannot pay or may not: waiting does not help, another key may. */
const KEY_CODES = new Set([
  'insufficient_quota',
  'billing_hard_limit_reached',
  'billing_not_active',
  'invalid_api_key',
  'account_deactivated',
]);
const KEY_STATUSES = new Set([401, 402, 403]);
const PASSING_STATUSES = new Set([408, 409]);

/** An error that the provider put into its stream. */
export function faultInStream(fault: OpenAiFault, key: ProviderKey): ProviderError {
  return toProviderError(fault, undefined, key);
}

/** Whatever the SDK threw instead of a response. */
export function faultOfCall(error: unknown, key: ProviderKey): ProviderError {
  if (error instanceof APIConnectionError || !(error instanceof APIError)) {
    return new ProviderError('unavailable', `no response (${reasonOf(error)})`);
  }
  const { status, code, type, message } = error as APIError;
  const headers = error.headers instanceof Headers ? error.headers : undefined;
  return toProviderError({ code, type, message }, status, key, headers);
}

function toProviderError(
  fault: OpenAiFault,
  status: number | undefined,
  key: ProviderKey,
  headers?: Headers,
): ProviderError {
  const told = status ?? statusIn(fault.code);
  const kind = kindOf(fault, told);
  const facts = [told, fault.type, fault.code].filter(fact => fact !== undefined && fact !== null).join(' ');
  const text = key.redact((fault.message ?? '').slice(0, MESSAGE_CHARS));
  return new ProviderError(kind, `${key.redact(facts)} ${text}`.trim(), {
    retryAfterMs: headers ? retryAfterMs(headers) : 0,
  });
}

function kindOf({ code, type }: OpenAiFault, status: number | undefined): ProviderErrorKind {
  if (KEY_CODES.has(String(code)) || KEY_CODES.has(String(type))) return 'refused-key';
  if (status === 429 || code === 'rate_limit_exceeded') return 'rate-limited';
  if (status === undefined) return type === 'invalid_request_error' ? 'rejected' : 'unavailable';
  if (KEY_STATUSES.has(status)) return 'refused-key';
  return status >= 500 || PASSING_STATUSES.has(status) ? 'unavailable' : 'rejected';
}

function statusIn(code: OpenAiFault['code']): number | undefined {
  const number = Number(code ?? undefined);
  return Number.isInteger(number) && number >= 400 ? number : undefined;
}

/** Only the system's code: messages of connections hold addresses, sometimes with credentials. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : undefined;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return error instanceof Error ? error.name : 'unknown';
}
