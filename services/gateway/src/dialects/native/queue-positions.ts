import { scoped, type AnswerQueue, type Log } from '@parley/platform';
import type { Message } from '@parley/contracts';
import type { Namespace } from 'socket.io';
import type { FeedListener } from '../../feed/feed-listener.ts';
import type { LiveAnswer } from '../../feed/live-answer.ts';
import { nativeRoom } from './native-renderer.ts';

const LOOK_EVERY_MS = 1_000;
/** An answer that so many looks have not found is not looked for; history's sweeper needs less to queue a forgotten one. */
const GIVE_UP_AFTER = 10;

/** An answer that waits, or will once the earlier ones of its conversation have ended. */
interface Waiting {
  /** As told last; 0 if not yet. */
  position: number;
  /** Looks in a row that have not found it. */
  misses: number;
}

/** Tells clients their place in the queue while their answer waits for a worker. */
export class QueuePositions implements FeedListener {
  readonly #io: Namespace;
  readonly #answers: AnswerQueue;
  readonly #log: Log;
  /** By conversation and answer. */
  readonly #waiting = new Map<string, Map<string, Waiting>>();
  readonly #timer: NodeJS.Timeout;

  constructor(io: Namespace, answers: AnswerQueue, log: Log) {
    this.#io = io;
    this.#answers = answers;
    this.#log = scoped(log, { component: 'QueuePositions', function: 'look' });
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_MS);
  }

  /** Conversations with an answer whose place somebody here wants to know. */
  get size(): number {
    return this.#waiting.size;
  }

  /** From now on its conversation is told where it stands, if it is a waiting answer; who came later learns it, too. */
  watch({ id, conversationId, status }: Pick<Message, 'id' | 'conversationId' | 'status'>): void {
    if (status !== 'pending' || !this.#isFollowed(conversationId)) return;
    const answers = this.#waiting.get(conversationId) ?? new Map<string, Waiting>();
    this.#waiting.set(conversationId, answers.set(id, { position: 0, misses: 0 }));
  }

  answerStarted(conversationId: string, { answerId }: LiveAnswer): void {
    this.#forget(conversationId, answerId);
  }

  answerStored({ conversationId, id }: Message): void {
    this.#forget(conversationId, id);
    // It is the next one's turn to be queued.
    for (const waiting of this.#waiting.get(conversationId)?.values() ?? []) waiting.misses = 0;
  }

  conversationDeleted(conversationId: string): void {
    this.#waiting.delete(conversationId);
  }

  feedClosed(conversationId: string): void {
    this.#waiting.delete(conversationId);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    // The feed may have other followers, who do not speak this dialect.
    for (const conversationId of this.#waiting.keys()) {
      if (!this.#isFollowed(conversationId)) this.#waiting.delete(conversationId);
    }
    if (!this.#isAnyLookedFor()) return;
    try {
      const ids = await this.#answers.waitingIds();
      const positions = new Map(ids.map((answerId, index) => [answerId, index + 1]));
      for (const [conversationId, answers] of this.#waiting) {
        for (const [answerId, waiting] of answers)
          this.#found(conversationId, answerId, waiting, positions.get(answerId));
      }
    } catch (error) {
      this.#log.debug({ err: error }, 'no positions');
    }
  }

  #isAnyLookedFor(): boolean {
    return this.#waiting
      .values()
      .some(answers => answers.values().some(({ misses }) => misses < GIVE_UP_AFTER));
  }

  #found(conversationId: string, answerId: string, waiting: Waiting, position: number | undefined): void {
    waiting.misses = position === undefined ? waiting.misses + 1 : 0;
    if (position === undefined || position === waiting.position) return;
    waiting.position = position;
    this.#io.local.to(nativeRoom(conversationId)).emit('queued', { conversationId, answerId, position });
  }

  #forget(conversationId: string, answerId: string): void {
    const answers = this.#waiting.get(conversationId);
    answers?.delete(answerId);
    if (answers?.size === 0) this.#waiting.delete(conversationId);
  }

  #isFollowed(conversationId: string): boolean {
    return this.#io.adapter.rooms.has(nativeRoom(conversationId));
  }
}
