import type { ParleyClient } from '@parley/client';
import type { Payload, streamServerEvents } from '@parley/contracts';
import { io } from 'socket.io-client';

type Chunk = Payload<typeof streamServerEvents, 'stream_chunk'>;

/** What was shown of each answer while it streamed: the last text of its newest epoch. */
export type StreamedTexts = ReadonlyMap<string, string>;

/** Watches what a client shows, until it is closed. */
export function watchSnapshots(client: ParleyClient): StreamedTexts {
  const texts = new Map<string, string>();
  client.subscribe(() => {
    for (const { answerId, text } of client.getSnapshot().transcript.answers) texts.set(answerId, text);
  });
  return texts;
}

/** A client of the original dialect `stream` that only watches, and joins again after each break. */
export class StreamWatcher implements Disposable {
  readonly texts = new Map<string, string>();
  /** What it was told in the end. */
  readonly wholeTexts = new Map<string, string>();
  readonly #socket;

  constructor(url: string, conversationId: string) {
    // The load balancer takes each request of HTTP long-polling elsewhere.
    this.#socket = io(url, { forceNew: true, transports: ['websocket'], reconnectionDelayMax: 1_000 });
    this.#socket.on('connect', () => this.#socket.emit('join_conversation', { conversationId }));
    this.#socket.on('stream_chunk', ({ messageId, content, isComplete }: Chunk) => {
      (isComplete ? this.wholeTexts : this.texts).set(messageId, content);
    });
  }

  [Symbol.dispose](): void {
    this.#socket.disconnect();
  }
}
