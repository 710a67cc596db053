const MAX_MS = 86_400_000;
/** A reset is when the whole limit is back, which may take a day; the next request is allowed long before. */
const MAX_RESET_MS = 60_000;
const UNITS_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * How long a rate-limited key has to wait.
 *
 * @returns milliseconds, as told, at most a day; at most a minute if only a reset is told; 0 if the headers do not tell.
 */
export function retryAfterMs(headers: Headers, now = Date.now()): number {
  const told = fromRetryAfterMs(headers) ?? fromRetryAfter(headers, now) ?? fromReset(headers) ?? 0;
  return Math.min(Math.max(Math.ceil(told), 0), MAX_MS);
}

function fromRetryAfterMs(headers: Headers): number | undefined {
  return numberIn(headers.get('retry-after-ms'));
}

/** Seconds, or a date. */
function fromRetryAfter(headers: Headers, now: number): number | undefined {
  const value = headers.get('retry-after');
  const seconds = numberIn(value);
  if (seconds !== undefined) return seconds * 1_000;
  const date = Date.parse(value ?? '');
  return Number.isNaN(date) ? undefined : date - now;
}

/** OpenAI tells one reset for requests and one for tokens; only the limit that is used up counts. */
function fromReset(headers: Headers): number | undefined {
  const resets = ['requests', 'tokens'].flatMap(limit => {
    const ms = durationIn(headers.get(`x-ratelimit-reset-${limit}`));
    const usedUp = headers.get(`x-ratelimit-remaining-${limit}`) === '0';
    return ms === undefined ? [] : [{ ms, usedUp }];
  });
  const usedUp = resets.filter(reset => reset.usedUp);
  const times = (usedUp.length > 0 ? usedUp : resets).map(({ ms }) => ms);
  return times.length === 0 ? undefined : Math.min(Math.max(...times), MAX_RESET_MS);
}

/** `6m0s`, `1.5s`, `20ms`, or plain seconds. */
function durationIn(value: string | null): number | undefined {
  if (value === null) return undefined;
  const seconds = numberIn(value);
  if (seconds !== undefined) return seconds * 1_000;
  const parts = [...value.matchAll(/([\d.]+)(ms|s|m|h|d)/g)];
  if (parts.length === 0) return undefined;
  return parts.reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * UNITS_MS[unit as keyof typeof UNITS_MS],
    0,
  );
}

function numberIn(value: string | null): number | undefined {
  if (value === null || value.trim() === '') return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}
