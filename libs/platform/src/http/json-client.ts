import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { json } from 'node:stream/consumers';

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
  readonly #agents = {
    'http:': new Agent({ keepAlive: true }),
    'https:': new HttpsAgent({ keepAlive: true }),
  };

  /** @throws Error if nothing can be reached, the time is over, or the reply is no JSON. */
  async send({ timeoutMs, ...request }: JsonRequest): Promise<{ status: number; body: unknown }> {
    const reply = await this.#open(request, AbortSignal.timeout(timeoutMs));
    return { status: reply.statusCode ?? 0, body: await json(reply) };
  }

  /** Closes all connections. */
  [Symbol.dispose](): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }

  #open(
    { method, url, headers, body }: Omit<JsonRequest, 'timeoutMs'>,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const target = new URL(url);
      const text = body === undefined ? '' : JSON.stringify(body);
      // Told, because Node leaves it out for a DELETE, whose body then looks like the next request.
      const length = { 'content-length': String(Buffer.byteLength(text)) };
      const options = { method, headers: { ...headers, ...length }, signal };
      const request =
        target.protocol === 'https:'
          ? httpsRequest(target, { ...options, agent: this.#agents['https:'] }, resolve)
          : httpRequest(target, { ...options, agent: this.#agents['http:'] }, resolve);
      request.on('error', reject);
      request.end(text);
    });
  }
}
