import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { AnswerScript } from './answer-script.ts';
import { answer, failure } from './answer-script.ts';
import { Playback } from './playback.ts';
import type { ProviderError } from './provider-error.ts';
import { errorBody } from './provider-error.ts';
import type { ProviderRequest } from './provider-request.ts';
import { parseProviderRequest } from './provider-request.ts';
import { replySteps } from './reply-steps.ts';
import { RequestLog } from './request-log.ts';

/** A script for every request, or the choice of one for each. */
export type ScriptChoice = AnswerScript | ((request: ProviderRequest) => AnswerScript);

export interface ScriptedProviderOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** `requests` holds at most this many, the newest. Default 10,000. */
  readonly keepRequests?: number;
}

type Arrival = Pick<ProviderRequest, 'api' | 'at' | 'key'> & { readonly body: string };

const apis: Readonly<Record<string, ProviderRequest['api']>> = {
  'POST /v1/chat/completions': 'chat',
  'POST /v1/responses': 'responses',
};

/** An OpenAI-compatible server on 127.0.0.1 that answers by script, wrongly where the script says so. */
export class ScriptedProvider implements AsyncDisposable {
  readonly #server: Server;
  readonly #log: RequestLog;
  readonly #playbacks = new Map<ProviderRequest, Playback>();
  readonly #queue: AnswerScript[] = [];
  #script: ScriptChoice = answer('This is a scripted answer.');
  #aborted = 0;
  #received = 0;
  #port = 0;
  #stopping: Promise<void> | undefined;

  private constructor(keepRequests: number) {
    this.#log = new RequestLog(keepRequests);
    // A kept-alive connection that the server closed just as the client reused it would be a fault nobody scripted.
    this.#server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
      this.#handle(request, response);
    });
  }

  static async start({
    port = 0,
    keepRequests = 10_000,
  }: ScriptedProviderOptions = {}): Promise<ScriptedProvider> {
    const provider = new ScriptedProvider(keepRequests);
    provider.#server.listen(port, '127.0.0.1');
    await once(provider.#server, 'listening');
    provider.#port = (provider.#server.address() as AddressInfo).port;
    return provider;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${this.#port}/v1`;
  }

  /** Oldest first. The objects are live: their `state` and `held` change. */
  get requests(): readonly ProviderRequest[] {
    return this.#log.requests;
  }

  /** Requests whose client went away before the script's end. */
  get aborted(): number {
    return this.#aborted;
  }

  /** What every following request gets. */
  script(script: ScriptChoice): void {
    this.#script = script;
  }

  /** Scripts for the next requests, one each, before `script` applies again. */
  scriptNext(...scripts: AnswerScript[]): void {
    this.#queue.push(...scripts);
  }

  /**
   * Waits until the condition holds, looking whenever a request comes, ends, is held or released.
   * Rejects at the deadline (5,000 ms unless told), saying what it saw.
   */
  waitFor(predicate: (requests: readonly ProviderRequest[]) => boolean, deadlineMs = 5_000): Promise<void> {
    return this.#log.waitFor(predicate, deadlineMs);
  }

  /**
   * Lets one hold pass in this request, or in every open one. A hold not yet reached will pass too,
   * so a test may release as soon as it has read the text before it.
   * @throws Error when there is no such open request.
   */
  release(requestId?: string): void {
    this.step(1, requestId);
  }

  /** Like `release`, for that many holds: `count` pieces of a `stepped` answer. */
  step(count = 1, requestId?: string): void {
    const chosen = [...this.#playbacks].filter(([{ id }]) => requestId === undefined || id === requestId);
    if (chosen.length === 0) throw new Error(`No open request to release: ${requestId ?? 'none at all'}`);
    for (const [, playback] of chosen) playback.permit(count);
  }

  /** Closes every connection; answers still open stop where they are and stay `open` in `requests`. */
  stop(): Promise<void> {
    this.#stopping ??= this.#close();
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #close(): Promise<void> {
    for (const playback of this.#playbacks.values()) playback.stop();
    this.#playbacks.clear();
    this.#log.close();
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #handle(message: IncomingMessage, response: ServerResponse): void {
    const route = `${message.method ?? ''} ${message.url?.split('?', 1)[0] ?? ''}`;
    const api = apis[route];
    if (api) {
      const arrival = { api, at: Date.now(), key: message.headers.authorization?.replace(/^Bearer /, '') };
      void text(message).then(
        body => this.#answer({ ...arrival, body }, response),
        () => response.destroy(),
      );
    } else if (route === 'GET /v1/models') sendJson(response, 200, modelList);
    else sendJson(response, 404, errorBody(invalidRequest(`Invalid URL (${route})`)));
  }

  #answer({ body, ...arrival }: Arrival, response: ServerResponse): void {
    const request = parseProviderRequest(body, { id: `req_${++this.#received}`, ...arrival });
    if (!request) {
      sendJson(response, 400, errorBody(invalidRequest('The body of the request is not a JSON object.')));
      return;
    }
    const playback = new Playback(replySteps(this.#scriptFor(request), request), response, {
      onHold: held => this.#log.update(request, { held }),
      onEnd: () => this.#settle(request, 'answered'),
    });
    response.once('close', () => {
      if (playback.stop()) this.#settle(request, 'aborted');
    });
    this.#playbacks.set(request, playback);
    this.#log.add(request);
    playback.start();
  }

  #scriptFor(request: ProviderRequest): AnswerScript {
    const next = this.#queue.shift();
    if (next) return next;
    if (typeof this.#script !== 'function') return this.#script;
    try {
      return this.#script(request);
    } catch (error) {
      // 400 and not 500: a broken test has to fail at once, not after the client's retries.
      return failure(400, { code: 'script_failed', message: String(error) });
    }
  }

  #settle(request: ProviderRequest, state: 'answered' | 'aborted'): void {
    this.#playbacks.delete(request);
    if (state === 'aborted') this.#aborted += 1;
    this.#log.update(request, { state, held: false });
  }
}

const modelList = JSON.stringify({
  object: 'list',
  data: [{ id: 'scripted', object: 'model', created: 0, owned_by: 'parley' }],
});

const invalidRequest = (message: string): ProviderError => ({
  code: null,
  type: 'invalid_request_error',
  message,
});

function sendJson(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body);
}
