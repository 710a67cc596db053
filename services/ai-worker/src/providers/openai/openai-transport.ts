import type { Readable } from 'node:stream';
import { OpenAI } from 'openai';
import type { ProviderKey } from '../../keys/provider-key.ts';
import type { StreamingFetch } from './streaming-fetch.ts';
import { faultOfCall } from './openai-fault.ts';

/** What every request to the model asks for. */
export interface ModelOptions {
  readonly model: string;
  readonly temperature: number;
  readonly maxTokens: number;
}

/** A call of the SDK whose response is wanted as it is. */
interface Call {
  asResponse(): Promise<Response>;
}

/** The SDK as builder of requests and errors; the bodies of streams come straight from the socket. */
export class OpenAiTransport {
  readonly #http: StreamingFetch;
  readonly #baseUrl: string;
  readonly #clients = new Map<string, OpenAI>();

  constructor(http: StreamingFetch, baseUrl: string) {
    this.#http = http;
    this.#baseUrl = baseUrl;
  }

  /**
   * Sends a request.
   *
   * @returns the body of a response that is not an error.
   * @throws ProviderError
   */
  async open(key: ProviderKey, send: (client: OpenAI) => Call): Promise<Readable> {
    try {
      return this.#http.takeBody(await send(this.#clientFor(key)).asResponse());
    } catch (error) {
      throw faultOfCall(error, key);
    }
  }

  #clientFor(key: ProviderKey): OpenAI {
    const known = this.#clients.get(key.fingerprint);
    if (known) return known;
    const client = new OpenAI({
      apiKey: key.reveal(),
      baseURL: this.#baseUrl,
      // One answer, one call: how often it is tried again, the job decides.
      maxRetries: 0,
      fetch: this.#http.fetch,
      logLevel: 'off',
      // Otherwise taken from the environment, for one account, whichever the key.
      organization: null,
      project: null,
    });
    this.#clients.set(key.fingerprint, client);
    return client;
  }
}
