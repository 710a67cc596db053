import { scoped, type AnswerQueue, type Log } from '@parley/platform';
import type { Message } from '@parley/contracts';
import type { Namespace } from 'socket.io';
import type { FeedListener } from '../../feed/feed-listener.ts';
import type { LiveAnswer } from '../../feed/live-answer.ts';
import { nativeRoom } from './native-renderer.ts';

const LOOK_EVERY_MS = 1_000;

interface Waiting {
  readonly conversationId: string;
  position: number;
}

/** Tells clients their place in the queue while their answer waits for a worker. */
export class QueuePositions implements FeedListener {
  readonly #io: Namespace;
  readonly #answers: AnswerQueue;
  readonly #log: Log;
  readonly #waiting = new Map<string, Waiting>();
  readonly #timer: NodeJS.Timeout;

  constructor(io: Namespace, answers: AnswerQueue, log: Log) {
    this.#io = io;
    this.#answers = answers;
    this.#log = scoped(log, { component: 'QueuePositions', function: 'look' });
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_MS);
  }

  /** An answer was queued from here. */
  queued(conversationId: string, answerId: string): void {
    this.#waiting.set(answerId, { conversationId, position: 0 });
  }

  answerStarted(_conversationId: string, { answerId }: LiveAnswer): void {
    this.#waiting.delete(answerId);
  }

  answerStored({ id }: Message): void {
    this.#waiting.delete(id);
  }

  feedClosed(conversationId: string): void {
    for (const [answerId, waiting] of this.#waiting) {
      if (waiting.conversationId === conversationId) this.#waiting.delete(answerId);
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    if (this.#waiting.size === 0) return;
    try {
      const ids = await this.#answers.waitingIds();
      ids.forEach((answerId, index) => this.#tell(answerId, index + 1));
    } catch (error) {
      this.#log.debug({ err: error }, 'no positions');
    }
  }

  #tell(answerId: string, position: number): void {
    const waiting = this.#waiting.get(answerId);
    if (!waiting || waiting.position === position) return;
    waiting.position = position;
    const { conversationId } = waiting;
    this.#io.local.to(nativeRoom(conversationId)).emit('queued', { conversationId, answerId, position });
  }
}
