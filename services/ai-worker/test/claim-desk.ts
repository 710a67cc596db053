import { text } from 'node:stream/consumers';
import { ParleyError, historyApi, type Message } from '@parley/contracts';
import { listen, type AnswerRef, type HttpServer } from '@parley/platform';

interface Entry {
  epoch: number;
  runs: number;
  closed: boolean;
  /** The newest claim, and what it was given. */
  claim?: { readonly id: string; readonly reply: unknown };
  readonly question: string;
}

const ALLOWED_RUNS = 2;

/** The part of history's HTTP API that a worker calls, by the contract, with answers in memory. */
export class ClaimDesk implements AsyncDisposable {
  readonly #answers = new Map<string, Entry>();
  readonly #http: HttpServer;
  #refusals = 0;
  #isMute = false;
  /** Calls so far, e.g. `claim`, `release`. */
  readonly calls: string[] = [];

  private constructor(http: HttpServer) {
    this.#http = http;
  }

  static async start(): Promise<ClaimDesk> {
    const http = await listen(
      (request, response) => {
        const [, answerId = '', call = ''] =
          /\/answers\/([^/]+)\/(claim|release)$/.exec(request.url ?? '') ?? [];
        void text(request).then(body => {
          const { status, reply } = desk.#answer(decodeURIComponent(answerId), call, body);
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
    const reply = call === 'claim' ? this.#claimOnce(entry, body) : this.#release(entry, body);
    const { reply: contract } = call === 'claim' ? historyApi.claimAnswer : historyApi.releaseAnswer;
    return { status: 200, reply: contract.parse(reply) };
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
    const released = epoch === entry.epoch && !entry.closed;
    if (released) entry.runs -= 1;
    return { released };
  }
}

function messageOf(content: string): Message {
  const at = new Date().toISOString();
  const when = { createdAt: at, updatedAt: at };
  return { id: 'm_1', conversationId: 'c', seq: 1, role: 'user', content, status: 'complete', ...when };
}
