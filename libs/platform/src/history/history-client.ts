import { ParleyError, errorBodySchema, historyApi, travelsAsQuery } from '@parley/contracts';
import type { HistoryCall, HistoryCallName, HistoryReply, HistoryRequest } from '@parley/contracts';
import { JsonClient } from '../http/json-client.ts';

const TIMEOUT_MS = 5_000;
const READY_TIMEOUT_MS = 1_000;
const RETRY_AFTER_MS = 1_000;

export interface HistoryClientOptions {
  /** Where history listens, e.g. `http://127.0.0.1:5011`. */
  url: string;
  /** Needed when history does not listen on loopback. */
  token?: string | undefined;
}

/** Calls history's HTTP API. Failures are `ParleyError`s; `HISTORY_UNAVAILABLE` when it cannot be reached in time. */
export class HistoryClient implements Disposable {
  readonly #http = new JsonClient();
  readonly #url: string;
  readonly #headers: Record<string, string>;

  constructor(options: HistoryClientOptions) {
    this.#url = options.url.replace(/\/+$/, '');
    this.#headers = {
      'content-type': 'application/json',
      ...(options.token !== undefined && { authorization: `Bearer ${options.token}` }),
    };
  }

  async call<N extends HistoryCallName>(name: N, request: HistoryRequest<N>): Promise<HistoryReply<N>> {
    const called: HistoryCall = historyApi[name];
    const { url, rest } = fillPath(called.path, request);
    const asQuery = travelsAsQuery(called);
    const target = asQuery ? `${url}${queryOf(rest)}` : url;
    const { status, body } = await this.#send(called.method, target, asQuery ? undefined : rest, TIMEOUT_MS);
    if (status >= 400) throw errorFrom(body);
    const parsed = called.reply.safeParse(body);
    if (!parsed.success) throw unavailable(parsed.error);
    return parsed.data as HistoryReply<N>;
  }

  /** True if history answers and is ready. */
  async isReady(): Promise<boolean> {
    try {
      const { status } = await this.#send('GET', '/readyz', undefined, READY_TIMEOUT_MS);
      return status === 200;
    } catch {
      return false;
    }
  }

  /** Closes its connections. */
  [Symbol.dispose](): void {
    this.#http[Symbol.dispose]();
  }

  async #send(
    method: string,
    path: string,
    body: unknown,
    timeoutMs: number,
  ): Promise<{ status: number; body: unknown }> {
    try {
      const url = `${this.#url}${path}`;
      return await this.#http.send({ method, url, headers: this.#headers, body, timeoutMs });
    } catch (error) {
      throw unavailable(error);
    }
  }
}

function unavailable(cause: unknown): ParleyError {
  return new ParleyError('HISTORY_UNAVAILABLE', { retryAfterMs: RETRY_AFTER_MS, cause });
}

function errorFrom(body: unknown): ParleyError {
  const parsed = errorBodySchema.safeParse(body);
  if (!parsed.success) return unavailable(parsed.error);
  const { code, message, details, retryAfterMs } = parsed.data;
  return new ParleyError(code, {
    message,
    ...(details && { details }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

function fillPath(path: string, request: object): { url: string; rest: Record<string, unknown> } {
  const rest: Record<string, unknown> = { ...request };
  const url = path.replace(/:(\w+)/g, (_, name: string) => {
    const value = rest[name];
    Reflect.deleteProperty(rest, name);
    return encodeURIComponent(String(value));
  });
  return { url, rest };
}

function queryOf(values: Record<string, unknown>): string {
  const pairs = Object.entries(values).filter(([, value]) => value !== undefined);
  const query = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]));
  return query.size === 0 ? '' : `?${query.toString()}`;
}
