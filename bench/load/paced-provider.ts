import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** One answer: its tokens are made when they are written. */
export interface PacedAnswer {
  readonly tokens: number;
  readonly everyMs: number;
  /** One-byte characters that mean themselves in JSON. */
  readonly token: (index: number) => string;
}

interface ChatRequest {
  readonly messages: readonly { readonly content: string }[];
}

const HEADERS = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' };
const MARK = '%';
const [BEFORE = '', AFTER = ''] = event(chunk({ content: MARK })).split(MARK);
const OPENING = event(chunk({ role: 'assistant', content: '', refusal: null }));
const CLOSING = `${event(chunk({}, 'stop'))}data: [DONE]\n\n`;

/**
 * The chat completions of OpenAI at a steady pace, for as little CPU as possible: it shares its cores with what is measured.
 * The scripted provider of the tests can be told to do wrong in every way, and takes half as much again for a token.
 */
export class PacedProvider {
  readonly #server: Server;

  /** @param answerFor what to say to a prompt. */
  private constructor(answerFor: (prompt: string, key: string) => PacedAnswer) {
    this.#server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
      void text(request).then(body => {
        const { messages } = JSON.parse(body) as ChatRequest;
        play(answerFor(messages.at(-1)?.content ?? '', keyOf(request)), response);
      });
    });
  }

  static async start(answerFor: (prompt: string, key: string) => PacedAnswer): Promise<PacedProvider> {
    const provider = new PacedProvider(answerFor);
    await once(provider.#server.listen(0, '127.0.0.1'), 'listening');
    return provider;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }
}

function play({ tokens, everyMs, token }: PacedAnswer, response: ServerResponse): void {
  response.writeHead(200, HEADERS).write(OPENING);
  let due = performance.now();
  let timer: NodeJS.Timeout;
  let index = 0;
  const plan = (): void => {
    due += everyMs;
    timer = setTimeout(say, Math.max(0, due - performance.now()));
  };
  const say = (): void => {
    // A chunk in one piece; `response.write` makes it four.
    const data = `${BEFORE}${token(index)}${AFTER}`;
    response.socket?.write(`${data.length.toString(16)}\r\n${data}\r\n`, 'latin1');
    index += 1;
    if (index < tokens) plan();
    else response.end(CLOSING);
  };
  response.once('close', () => clearTimeout(timer));
  plan();
}

function keyOf({ headers }: IncomingMessage): string {
  return headers.authorization?.replace(/^Bearer /, '') ?? '';
}

function chunk(delta: object, finishReason: string | null = null): object {
  return {
    ...{ id: 'chatcmpl-paced', object: 'chat.completion.chunk', created: 1_790_000_000, model: 'scripted' },
    ...{ service_tier: 'default', system_fingerprint: 'fp_scripted' },
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
    usage: null,
  };
}

function event(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}
