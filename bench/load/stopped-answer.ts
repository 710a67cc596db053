import { randomUUID } from 'node:crypto';
import type { Socket } from 'socket.io-client';
import { monotonicMs } from '../measure/monotonic.ts';
import { withDeadline } from './with-deadline.ts';

const DEADLINE_MS = 15_000;

interface Ended {
  readonly id: string;
  readonly status: string;
}

/** An answer that one native client asks for and stops, and that another one watches. */
export class StoppedAnswer {
  readonly #asker: Socket;
  readonly #watcher: Socket;
  readonly #conversationId = randomUUID();
  #answerId: string | undefined;

  constructor(asker: Socket, watcher: Socket) {
    this.#asker = asker;
    this.#watcher = watcher;
  }

  /** Asks; resolves when the watcher has the first text. */
  async begin(prompt: string): Promise<void> {
    const conversationId = this.#conversationId;
    await this.#watcher.timeout(DEADLINE_MS).emitWithAck('resume', { conversationId });
    const begun = Promise.withResolvers<undefined>();
    this.#watcher.once('piece', () => begun.resolve(undefined));
    const message = { conversationId, clientMessageId: randomUUID(), content: prompt };
    const ack = (await this.#asker.timeout(DEADLINE_MS).emitWithAck('send', message)) as {
      answerId?: string;
    };
    this.#answerId = ack.answerId;
    await withDeadline(begun.promise, DEADLINE_MS, 'the first piece');
  }

  /**
   * Stops it.
   *
   * @returns when the watcher was told, in milliseconds of CLOCK_MONOTONIC.
   * @throws Error if the stop is refused, or the answer ends in another way.
   */
  async stop(): Promise<number> {
    const told = Promise.withResolvers<number>();
    const hear = ({ id, status }: Ended): void => {
      if (id !== this.#answerId) return;
      if (status === 'stopped') told.resolve(monotonicMs());
      else told.reject(new Error(`The answer ended as ${status}`));
    };
    this.#watcher.on('answer-ended', hear);
    const request = { conversationId: this.#conversationId, answerId: this.#answerId };
    const acknowledged = async (): Promise<void> => {
      const ack = (await this.#asker.timeout(DEADLINE_MS).emitWithAck('stop', request)) as { ok: boolean };
      if (!ack.ok) throw new Error(`The stop was refused: ${JSON.stringify(ack)}`);
    };
    try {
      const [at] = await Promise.all([
        withDeadline(told.promise, DEADLINE_MS, 'the end of a stopped answer'),
        acknowledged(),
      ]);
      return at;
    } finally {
      this.#watcher.off('answer-ended', hear);
    }
  }
}
