import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { KeptConnections } from '@parley/platform';

/** Longer than a burst of questions is apart, shorter than what servers and middleboxes drop without a word. */
const IDLE_CONNECTION_MS = 15_000;
const ERROR_BODY_BYTES = 64 * 1024;

/**
 * `fetch` over node:http for the OpenAI SDK. A web stream between the socket and the parser costs several microseconds per
 * token, so the body of a successful response is not in it: `takeBody` hands out the message itself.
 */
export class NodeHttpFetch implements Disposable {
  readonly #connections = new KeptConnections({ timeout: IDLE_CONNECTION_MS });
  readonly #bodies = new WeakMap<Response, IncomingMessage>();

  readonly fetch = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(input instanceof Request ? input.url : input);
    const message = await this.#send(url, init);
    const status = message.statusCode ?? 0;
    const headers = headersOf(message);
    if (status < 200 || status > 299) return new Response(await errorBody(message), { status, headers });
    const response = new Response(null, { status, headers });
    this.#bodies.set(response, message);
    return response;
  };

  /** The body of a successful response of this `fetch`; whoever takes it reads it to its end or destroys it. */
  takeBody(response: Response): IncomingMessage {
    const body = this.#bodies.get(response);
    if (!body) throw new TypeError('This response has no body to take');
    this.#bodies.delete(response);
    return body;
  }

  [Symbol.dispose](): void {
    this.#connections[Symbol.dispose]();
  }

  #send(url: URL, { method = 'GET', headers, body, signal }: RequestInit): Promise<IncomingMessage> {
    const options = {
      method,
      // Compressed events would wait in the compressor's window, and cost time to unpack.
      headers: { ...Object.fromEntries(new Headers(headers)), 'accept-encoding': 'identity' },
      ...(signal && { signal }),
    };
    // The SDK sends JSON text, never a stream.
    return this.#connections.send(url, options, body);
  }
}

function headersOf(message: IncomingMessage): Headers {
  const headers = new Headers();
  for (let index = 0; index + 1 < message.rawHeaders.length; index += 2) {
    headers.append(message.rawHeaders[index] ?? '', message.rawHeaders[index + 1] ?? '');
  }
  return headers;
}

async function errorBody(message: IncomingMessage): Promise<string> {
  return text(limited(message));
}

async function* limited(message: IncomingMessage): AsyncGenerator<Buffer> {
  let left = ERROR_BODY_BYTES;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    yield chunk.subarray(0, left);
    left -= chunk.length;
    // Leaving the loop destroys the message, and with it the connection.
    if (left <= 0) return;
  }
}
