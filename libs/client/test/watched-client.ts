import { waitFor } from '@parley/testkit';
import {
  createParleyClient,
  memoryStorage,
  type AnswerUnderWay,
  type ParleyClient,
  type ParleyClientOptions,
  type ParleySnapshot,
} from '../src/index.ts';

/** A real client that remembers every snapshot it showed. */
export class WatchedClient implements Disposable {
  readonly client: ParleyClient;
  readonly shown: ParleySnapshot[] = [];

  constructor(options: ParleyClientOptions) {
    this.client = createParleyClient({ storage: memoryStorage(), ...options });
    this.client.subscribe(() => this.shown.push(this.client.getSnapshot()));
    this.client.start();
  }

  get snapshot(): ParleySnapshot {
    return this.client.getSnapshot();
  }

  /** What a reader of the page sees, line by line. */
  get lines(): string[] {
    return this.snapshot.transcript.entries
      .filter(entry => entry.kind !== 'message' || entry.status !== 'superseded')
      .map(entry => (entry.kind === 'answer' ? `${entry.text}…` : entry.content));
  }

  /** Resolves when the snapshot is as expected. */
  async until(
    what: string,
    holds: (snapshot: ParleySnapshot) => boolean,
    deadlineMs = 20_000,
  ): Promise<void> {
    await waitFor(() => holds(this.snapshot), { what, deadlineMs }).catch((error: unknown) => {
      throw new Error(`${String(error)}; shown: ${JSON.stringify(this.snapshot, null, 1)}`);
    });
  }

  async untilOnline(): Promise<void> {
    await this.until('the client to be online', ({ connection }) => connection === 'online');
  }

  /** Resolves when the connection has been lost and is there again. @param cut cuts it. */
  async untilReconnected(cut: () => void): Promise<void> {
    const from = this.shown.length;
    cut();
    const states = () => this.shown.slice(from).map(({ connection }) => connection);
    await this.until('the reconnect', () => {
      const lost = states().findIndex(state => state !== 'online');
      return lost !== -1 && states().slice(lost).at(-1) === 'online';
    });
  }

  /** Resolves when exactly these lines are shown. */
  async untilLines(...lines: string[]): Promise<void> {
    const wanted = JSON.stringify(lines);
    await this.until(`the lines ${wanted}`, () => JSON.stringify(this.lines) === wanted);
  }

  /** Resolves when nothing is under way any more. */
  async untilWhole(deadlineMs?: number): Promise<void> {
    await this.until(
      'every answer to be stored',
      ({ transcript: { answers, outgoing, messages } }) =>
        answers.length + outgoing.length === 0 && messages.at(-1)?.role === 'assistant',
      deadlineMs,
    );
  }

  /** What history has stored of the conversation, as the REST API tells it. */
  async stored(gatewayUrl: string): Promise<string[]> {
    const { conversationId = '' } = this.snapshot.transcript;
    const response = await fetch(`${gatewayUrl}/api/conversations/${conversationId}`);
    const { messages } = (await response.json()) as { messages: { content: string }[] };
    return messages.map(({ content }) => content);
  }

  /** Texts of answers that did not go on from what was shown before in the same epoch. */
  jumps(): string[] {
    const last = new Map<string, AnswerUnderWay>();
    return this.shown
      .flatMap(({ transcript }) => transcript.answers)
      .filter(answer => {
        const before = last.get(answer.answerId);
        last.set(answer.answerId, answer);
        return before?.epoch === answer.epoch && !answer.text.startsWith(before.text);
      })
      .map(({ text }) => text);
  }

  [Symbol.dispose](): void {
    this.client.close();
  }
}
