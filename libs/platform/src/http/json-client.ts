import { json } from 'node:stream/consumers';
import { KeptConnections } from './kept-connections.ts';

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
  readonly #connections = new KeptConnections();

  /** @throws Error if nothing can be reached, the time is over, or the reply is no JSON. */
  async send({
    url,
    method,
    headers,
    body,
    timeoutMs,
  }: JsonRequest): Promise<{ status: number; body: unknown }> {
    const text = body === undefined ? '' : JSON.stringify(body);
    // Told, because Node leaves it out for a DELETE, whose body then looks like the next request.
    const length = { 'content-length': String(Buffer.byteLength(text)) };
    const options = { method, headers: { ...headers, ...length }, signal: AbortSignal.timeout(timeoutMs) };
    const reply = await this.#connections.send(new URL(url), options, text);
    return { status: reply.statusCode ?? 0, body: await json(reply) };
  }

  /** Closes all connections. */
  [Symbol.dispose](): void {
    this.#connections[Symbol.dispose]();
  }
}
