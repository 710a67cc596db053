import { randomUUID } from 'node:crypto';
import { waitFor } from '@parley/testkit';
import { RecordingClient } from '../clients/recording-client.ts';

const ANSWER_DEADLINE_MS = 60_000;

/** A client of the dialect `stream` that goes on talking in one conversation, over as many connections as it takes. */
export class BusyVisitor implements AsyncDisposable {
  readonly conversationId = randomUUID();
  /** What it has said and was told to be stored. */
  readonly acknowledged: string[] = [];
  readonly #client: RecordingClient;
  readonly #talk: Promise<void>;
  #said = 0;
  #drops = 0;
  #going = true;

  private constructor(client: RecordingClient) {
    this.#client = client;
    client.socket.on('disconnect', () => this.#drops++);
    this.#talk = this.#keepTalking();
    // Told by stop().
    this.#talk.catch(() => undefined);
  }

  static async start(url: string, transport: 'polling' | 'websocket'): Promise<BusyVisitor> {
    return new BusyVisitor(await RecordingClient.connect(url, { transports: [transport] }));
  }

  /** How many of its connections were lost. */
  get drops(): number {
    return this.#drops;
  }

  /** Resolves when it has had another turn from beginning to end. */
  async anotherTurn(): Promise<void> {
    const acknowledged = this.acknowledged.length;
    await waitFor(() => this.acknowledged.length > acknowledged + 1, {
      what: 'another turn',
      deadlineMs: ANSWER_DEADLINE_MS,
    });
  }

  /** Says nothing new, and waits for the answer to what it said last. */
  async stop(): Promise<void> {
    this.#going = false;
    await this.#talk;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.#client[Symbol.dispose]();
  }

  async #keepTalking(): Promise<void> {
    while (this.#going) {
      const message = `Message ${++this.#said}`;
      const drops = this.#drops;
      const { conversationId } = this;
      const complete = this.#client.all('stream_complete').length;
      const ack = await this.#client.ask('stream_chat', { message, conversationId }).catch(() => undefined);
      if (ack?.ok !== true) continue;
      this.acknowledged.push(message);
      // The end of an answer may fall between two connections; it is looked up when all is over.
      await waitFor(() => this.#client.all('stream_complete').length > complete || this.#drops > drops, {
        what: 'the answer',
        deadlineMs: ANSWER_DEADLINE_MS,
      });
    }
  }
}
