import { text } from 'node:stream/consumers';
import { ParleyError, historyApi, type EndAs, type Message } from '@parley/contracts';
import { listen, type AnswerRef, type HttpServer } from '@parley/platform';

interface Entry {
  epoch: number;
  runs: number;
  closed: boolean;
  /** The newest claim, and what it was given. */
  claim?: { readonly id: string; readonly reply: unknown };
  /** How somebody wished it to end. */
  endAs?: EndAs;
  readonly question: string;
}

const ALLOWED_RUNS = 2;

/** The part of history's HTTP API that a worker calls, by the contract, with answers in memory. */
export class ClaimDesk implements AsyncDisposable {
  readonly #answers = new Map<string, Entry>();
  readonly #http: HttpServer;
  #refusals = 0;
  #isMute = false;
  #gate: PromiseWithResolvers<void> | undefined;
  /** Calls so far, e.g. `claim`, `release`, `pen`. */
  readonly calls: string[] = [];

  private constructor(http: HttpServer) {
    this.#http = http;
  }

  static async start(): Promise<ClaimDesk> {
    const http = await listen(
      (request, response) => {
        const { pathname, searchParams } = new URL(request.url ?? '', 'http://desk');
        const [, answerId = '', call = ''] = /\/answers\/([^/]+)\/(claim|release|pen)$/.exec(pathname) ?? [];
        void text(request).then(async sent => {
          const body = sent || JSON.stringify({ epoch: Number(searchParams.get('epoch')) });
          const { status, reply } = desk.#answer(decodeURIComponent(answerId), call, body);
          await desk.#gate?.promise;
          if (desk.#isMute) request.socket.destroy();
          else response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(reply));
        });
      },
      { port: 0, host: '127.0.0.1' },
    );
    const desk = new ClaimDesk(http);
    return desk;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#http.port}`;
  }

  open({ answerId }: AnswerRef, question: string, { runs = 0, epoch = 0 } = {}): void {
    this.#answers.set(answerId, { epoch, runs, closed: false, question });
  }

  close({ answerId }: AnswerRef): void {
    const entry = this.#answers.get(answerId);
    if (entry) entry.closed = true;
  }

  /** Somebody has asked for this end, and nobody has told the worker. */
  wish({ answerId }: AnswerRef, endAs: EndAs): void {
    const entry = this.#answers.get(answerId);
    if (entry) entry.endAs = endAs;
  }

  /** Another worker has claimed it. */
  replace({ answerId }: AnswerRef): void {
    const entry = this.#answers.get(answerId);
    if (entry) entry.epoch += 1;
  }

  forget({ answerId }: AnswerRef): void {
    this.#answers.delete(answerId);
  }

  /** The next calls fail as if the store were away. */
  refuse(calls: number): void {
    this.#refusals = calls;
  }

  /** While mute, it does what it is asked to, but its replies are lost. */
  set isMute(isMute: boolean) {
    this.#isMute = isMute;
  }

  /** It does what it is asked to from now on, but its replies wait. */
  hold(): void {
    this.#gate ??= Promise.withResolvers();
  }

  release(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http.stop(0);
  }

  #answer(answerId: string, call: string, body: string): { status: number; reply: unknown } {
    const entry = this.#answers.get(answerId);
    this.calls.push(call);
    if (this.#refusals > 0) {
      this.#refusals -= 1;
      return { status: 503, reply: new ParleyError('HISTORY_UNAVAILABLE').toBody() };
    }
    if (!entry) return { status: 404, reply: new ParleyError('ANSWER_NOT_FOUND').toBody() };
    return { status: 200, reply: this.#reply(entry, call, body) };
  }

  #reply(entry: Entry, call: string, body: string): unknown {
    switch (call) {
      case 'claim':
        return historyApi.claimAnswer.reply.parse(this.#claimOnce(entry, body));
      case 'pen':
        return historyApi.getPen.reply.parse(this.#pen(entry, body));
      default:
        return historyApi.releaseAnswer.reply.parse(this.#release(entry, body));
    }
  }

  #pen({ epoch, closed, endAs }: Entry, body: string): unknown {
    const asked = JSON.parse(body) as { epoch: number };
    return { held: asked.epoch === epoch && !closed, ...(endAs && { endAs }) };
  }

  #claimOnce(entry: Entry, body: string): unknown {
    const { claimId: id } = historyApi.claimAnswer.request.partial().parse(JSON.parse(body));
    if (id === undefined) throw new Error('A worker names its claims');
    if (entry.claim?.id !== id) entry.claim = { id, reply: this.#claim(entry) };
    return entry.claim.reply;
  }

  #claim(entry: Entry): unknown {
    if (entry.closed) return { outcome: 'closed' };
    entry.epoch += 1;
    if (entry.runs >= ALLOWED_RUNS) return { outcome: 'exhausted', epoch: entry.epoch };
    entry.runs += 1;
    const { epoch, question } = entry;
    return { outcome: 'run', epoch, lastRun: entry.runs === ALLOWED_RUNS, context: [messageOf(question)] };
  }

  #release(entry: Entry, body: string): unknown {
    const { epoch } = JSON.parse(body) as { epoch: number };
    const released = epoch === entry.epoch && !entry.closed && entry.endAs === undefined;
    if (released) entry.runs -= 1;
    return { released };
  }
}

function messageOf(content: string): Message {
  const at = new Date().toISOString();
  const when = { createdAt: at, updatedAt: at };
  return { id: 'm_1', conversationId: 'c', seq: 1, role: 'user', content, status: 'complete', ...when };
}
