import { randomUUID } from 'node:crypto';
import { waitFor } from '@parley/testkit';
import type { Socket } from 'socket.io-client';
import { monotonicMs } from '../measure/monotonic.ts';
import { toPrompt } from './answer-order.ts';
import { TOKEN_END } from './stamp.ts';

/** Far longer than it takes until its worker is killed and another one has it. */
const PROMPT = toPrompt({ tokens: 3_000, everyMs: 20, form: 'key' });
const BEGIN_MS = 15_000;
const TAKEN_OVER_MS = 40_000;

/** An answer as one native client sees it while its worker is killed. */
export class InterruptedAnswer {
  readonly #socket: Socket;
  readonly #conversationId = randomUUID();
  #answerId: string | undefined;
  #key: string | undefined;
  #takenOverAt: number | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('answer-started', ({ epoch }: { epoch: number }) => {
      if (epoch === 2) this.#takenOverAt = monotonicMs();
    });
    socket.once('piece', ([, , text]: readonly [handle: number, offset: number, text: string]) => {
      this.#key = text.slice(0, text.indexOf(TOKEN_END));
    });
  }

  /** Asks. @returns the key of the worker that has the answer, once its text has begun. */
  async begin(): Promise<string> {
    const message = { conversationId: this.#conversationId, clientMessageId: randomUUID(), content: PROMPT };
    const ack = (await this.#socket.timeout(BEGIN_MS).emitWithAck('send', message)) as { answerId?: string };
    this.#answerId = ack.answerId;
    return waitFor(() => this.#key, { what: 'the first piece', deadlineMs: BEGIN_MS });
  }

  /** @returns when the answer began again, in milliseconds of CLOCK_MONOTONIC. */
  async takenOver(): Promise<number> {
    return waitFor(() => this.#takenOverAt, { what: 'another epoch', deadlineMs: TAKEN_OVER_MS });
  }

  /** Ends the answer, so that its worker is free again. */
  async stop(): Promise<void> {
    await this.#socket.timeout(BEGIN_MS).emitWithAck('stop', {
      conversationId: this.#conversationId,
      answerId: this.#answerId,
    });
  }
}
