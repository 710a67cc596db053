import { Agent } from 'undici';

export interface JsonRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Absent: none is sent. */
  readonly body?: unknown;
  /** Milliseconds until the whole reply must be here. */
  readonly timeoutMs: number;
}

/**
 * HTTP calls with JSON in both directions, over connections that stay open. Between services it stands in for `fetch`, which
 * takes three times the CPU and a quarter of a millisecond more for each call.
 */
export class JsonClient implements Disposable {
  // The signal of each call has the only deadline.
  readonly #agent = new Agent({ headersTimeout: 0, bodyTimeout: 0 });

  /** @throws Error if nothing can be reached, the time is over, or the reply is no JSON. */
  async send({
    url,
    method,
    headers,
    body,
    timeoutMs,
  }: JsonRequest): Promise<{ status: number; body: unknown }> {
    const { origin, pathname, search } = new URL(url);
    const reply = await this.#agent.request({
      origin,
      path: pathname + search,
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: reply.statusCode, body: await reply.body.json() };
  }

  /** Closes all connections. */
  [Symbol.dispose](): void {
    void this.#agent.destroy();
  }
}
