import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Agent, type Dispatcher } from 'undici';

/** Longer than a burst of questions is apart, shorter than what servers and middleboxes drop without a word. */
const IDLE_CONNECTION_MS = 15_000;
const ERROR_BODY_BYTES = 64 * 1024;

/**
 * `fetch` for the OpenAI SDK whose bodies can be read without a web stream, which costs several microseconds a token: that of
 * a successful response is not in it, `takeBody` hands it out.
 */
export class StreamingFetch implements Disposable {
  // How long to wait, whoever waits for the answer knows better.
  readonly #agent = new Agent({ keepAliveTimeout: IDLE_CONNECTION_MS, headersTimeout: 0, bodyTimeout: 0 });
  readonly #bodies = new WeakMap<Response, Readable>();

  readonly fetch = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(input instanceof Request ? input.url : input);
    const { statusCode, headers, body } = await this.#agent.request(requestOf(url, init));
    const head = { status: statusCode, headers: headersOf(headers) };
    if (statusCode < 200 || statusCode > 299) return new Response(await errorBody(body), head);
    const response = new Response(null, head);
    this.#bodies.set(response, body);
    return response;
  };

  /** The body of a successful response of this `fetch`; whoever takes it reads it to its end or destroys it. */
  takeBody(response: Response): Readable {
    const body = this.#bodies.get(response);
    if (!body) throw new TypeError('This response has no body to take');
    this.#bodies.delete(response);
    return body;
  }

  /** Closes all connections, also those in use. */
  [Symbol.dispose](): void {
    void this.#agent.destroy();
  }
}

function requestOf({ origin, pathname, search }: URL, init: RequestInit): Dispatcher.RequestOptions {
  const { method = 'GET', headers, body, signal } = init;
  return {
    origin,
    path: pathname + search,
    method,
    // Compressed events would wait in the compressor's window, and cost time to unpack.
    headers: { ...Object.fromEntries(new Headers(headers)), 'accept-encoding': 'identity' },
    // The SDK sends JSON text, never a stream.
    body: typeof body === 'string' ? body : null,
    signal: signal ?? null,
  };
}

function headersOf(received: Dispatcher.ResponseData['headers']): Headers {
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(received)) {
    for (const value of [values].flat()) headers.append(name, value);
  }
  return headers;
}

async function errorBody(body: Readable): Promise<string> {
  return text(limited(body));
}

async function* limited(body: Readable): AsyncGenerator<Buffer> {
  let left = ERROR_BODY_BYTES;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    yield chunk.subarray(0, left);
    left -= chunk.length;
    // Leaving the loop destroys the body, and with it the connection.
    if (left <= 0) return;
  }
}
