import type { ParleyClient } from '@parley/client';
import type { Payload, streamServerEvents } from '@parley/contracts';
import { waitFor } from '@parley/testkit';
import { io } from 'socket.io-client';

type Chunk = Payload<typeof streamServerEvents, 'stream_chunk'>;

const ROUND_TRIP_MS = 2_000;

/** All that was shown of each answer while it streamed: each of it was before somebody's eyes. */
export class StreamedTexts {
  readonly #texts = new Map<string, Set<string>>();

  add(answerId: string, text: string): void {
    const shown = this.#texts.get(answerId) ?? new Set();
    this.#texts.set(answerId, shown.add(text));
  }

  of(answerId: string): string[] {
    return [...(this.#texts.get(answerId) ?? [])];
  }
}

/** Watches what a client shows, until it is closed. */
export function watchSnapshots(client: ParleyClient): StreamedTexts {
  const texts = new StreamedTexts();
  client.subscribe(() => {
    for (const { answerId, text } of client.getSnapshot().transcript.answers) texts.add(answerId, text);
  });
  return texts;
}

/** A client of the original dialect `stream` that only watches, and joins again after each break. */
export class StreamWatcher implements Disposable {
  readonly texts = new StreamedTexts();
  /** What it was told in the end. */
  readonly wholeTexts = new StreamedTexts();
  readonly #conversationId: string;
  readonly #socket;

  constructor(url: string, conversationId: string) {
    this.#conversationId = conversationId;
    // The load balancer takes each request of HTTP long-polling elsewhere.
    this.#socket = io(url, { forceNew: true, transports: ['websocket'], reconnectionDelayMax: 1_000 });
    this.#socket.on('connect', () => void this.#join());
    this.#socket.on('stream_chunk', ({ messageId, content, isComplete }: Chunk) => {
      (isComplete ? this.wholeTexts : this.texts).add(messageId, content);
    });
  }

  /** Resolves once it is in the conversation: from then on it is shown what is said. */
  async joined(deadlineMs: number): Promise<void> {
    await waitFor(() => this.#join(), { what: 'the watcher to join', deadlineMs });
  }

  /** Resolves once everything that was sent to it before has arrived; or not, if it is cut off. */
  async caughtUp(): Promise<void> {
    await this.#join();
  }

  [Symbol.dispose](): void {
    this.#socket.disconnect();
  }

  /** @returns true if the gateway says so. */
  async #join(): Promise<boolean> {
    const { connected } = this.#socket;
    if (!connected) return false;
    const join = { conversationId: this.#conversationId };
    return this.#socket
      .timeout(ROUND_TRIP_MS)
      .emitWithAck('join_conversation', join)
      .then(
        (ack: { ok?: boolean }) => ack.ok === true,
        () => false,
      );
  }
}
