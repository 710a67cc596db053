import {
  Agent,
  request as httpRequest,
  type AgentOptions,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

/** Sends requests of node:http and node:https over connections that stay open for the next one. */
export class KeptConnections implements Disposable {
  readonly #http: Agent;
  readonly #https: HttpsAgent;

  /** @param options of both agents, e.g. `timeout`. */
  constructor(options: Omit<AgentOptions, 'keepAlive'> = {}) {
    this.#http = new Agent({ ...options, keepAlive: true });
    this.#https = new HttpsAgent({ ...options, keepAlive: true });
  }

  /** Resolves with the head of the response, whose body the caller reads or destroys. */
  send(url: URL, options: RequestOptions, body: unknown): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request =
        url.protocol === 'https:'
          ? httpsRequest(url, { ...options, agent: this.#https }, resolve)
          : httpRequest(url, { ...options, agent: this.#http }, resolve);
      request.on('error', reject);
      request.end(body);
    });
  }

  /** Closes all connections. */
  [Symbol.dispose](): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}
