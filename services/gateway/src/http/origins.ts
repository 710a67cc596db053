import type { IncomingMessage } from 'node:http';

/** Which web pages may talk to the gateway. `*` allows all. */
export class Origins {
  readonly #allowed: ReadonlySet<string>;

  constructor(allowed: readonly string[]) {
    this.#allowed = new Set(allowed.map(origin => origin.replace(/\/+$/, '')));
  }

  /** Compared whole: no patterns that `example.com.evil` could match. */
  allows(origin: string): boolean {
    return this.#allowed.has('*') || this.#allowed.has(origin);
  }

  /** Programs send no Origin; browsers always do, also on WebSocket, which CORS does not cover. */
  allowsRequest(request: IncomingMessage): boolean {
    const { origin } = request.headers;
    return origin === undefined || this.allows(origin);
  }

  /** The same, but that a page may also call the host that it came from. */
  allowsCall(request: IncomingMessage): boolean {
    const { origin = '', host } = request.headers;
    return this.allowsRequest(request) || (URL.canParse(origin) && new URL(origin).host === host);
  }
}
