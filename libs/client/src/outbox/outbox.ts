import { ParleyError, type ErrorBody } from '@parley/contracts';
import type { Outcome } from '../connection/native-calls.ts';
import type { After } from '../environment.ts';
import type { OutgoingMessage } from './outgoing-message.ts';
import type { StoredOutbox } from './stored-outbox.ts';

/** More than anybody types while there is no connection. */
const MAX_MESSAGES = 100;
const MAX_RETRY_WAIT_MS = 60_000;

export interface OutboxDependencies {
  readonly stored: StoredOutbox;
  /** Delivers one message; everything about it but its end is up to the outbox. */
  readonly deliver: (message: OutgoingMessage) => Promise<Outcome<unknown>>;
  readonly onChange: (messages: readonly OutgoingMessage[]) => void;
  readonly after: After;
  readonly random: () => number;
}

/**
 * What was written here and is not acknowledged yet. Each message is stored before it is sent and stays until the server has
 * acknowledged it; they are sent in order, one at a time, as often as it takes, always under the same clientMessageId.
 */
export class Outbox {
  readonly #deps: OutboxDependencies;
  #messages: readonly OutgoingMessage[] = [];
  #writes: Promise<void> = Promise.resolve();
  #isOpen = false;
  /** Grows with every pause: a delivery that began before it has nothing to say about what is next. */
  #round = 0;
  #isSending = false;
  #cancelWait: (() => void) | undefined;

  constructor(deps: OutboxDependencies) {
    this.#deps = deps;
  }

  /** Takes over what an earlier page has left. */
  async load(): Promise<void> {
    const stored = await this.#deps.stored.read();
    const known = new Set(this.#messages.map(({ clientMessageId }) => clientMessageId));
    const earlier = stored.filter(({ clientMessageId }) => !known.has(clientMessageId));
    this.#replace([...earlier.slice(-MAX_MESSAGES), ...this.#messages]);
  }

  /** @throws ParleyError BUSY while it is full. */
  add(message: OutgoingMessage): void {
    if (this.#messages.length >= MAX_MESSAGES) {
      throw new ParleyError('BUSY', { message: 'Too many messages wait to be sent' });
    }
    this.#store(message);
    this.#replace([...this.#messages, message]);
  }

  /** Sends a failed message after all, behind those that wait. */
  retry(id: string): void {
    const failed = this.#messages.find(
      message => message.clientMessageId === id && message.status === 'failed',
    );
    if (!failed) return;
    const { error: _, ...message } = failed;
    const again = { ...message, status: 'sending' as const };
    this.#store(again);
    this.#replace([...this.#without(id), again]);
  }

  /** Gives a message up. One that is being sent may have been stored all the same. */
  discard(id: string): void {
    this.#writes = this.#deps.stored.remove(id);
    this.#replace(this.#without(id));
  }

  /** There is a connection: sends what waits. */
  open(): void {
    this.#isOpen = true;
    this.#next();
  }

  /** There is none: what is on its way will be sent again. */
  pause(): void {
    this.#isOpen = false;
    this.#round += 1;
    this.#isSending = false;
    this.#cancelWait?.();
    this.#cancelWait = undefined;
  }

  #next(): void {
    const message = this.#messages.find(({ status }) => status === 'sending');
    if (!this.#isOpen || this.#isSending || !message) return;
    this.#isSending = true;
    void this.#send(message, this.#round);
  }

  async #send(message: OutgoingMessage, round: number): Promise<void> {
    await this.#writes;
    if (round !== this.#round) return;
    const outcome = await this.#deps.deliver(message);
    const retryAfterMs = outcome.kind === 'refused' ? outcome.error.retryAfterMs : undefined;
    if (outcome.kind === 'done') this.discard(message.clientMessageId);
    if (outcome.kind === 'refused' && retryAfterMs === undefined) this.#fail(message, outcome.error);
    // A newer connection has begun to send meanwhile; without an answer there will be one.
    if (round !== this.#round || outcome.kind === 'unanswered') return;
    const goOn = (): void => {
      this.#isSending = false;
      this.#next();
    };
    if (retryAfterMs === undefined) goOn();
    else this.#cancelWait = this.#deps.after(this.#retryWait(retryAfterMs), goOn);
  }

  /** Everybody is told the same time; they must not all come back in the same moment. */
  #retryWait(retryAfterMs: number): number {
    return Math.min(retryAfterMs, MAX_RETRY_WAIT_MS) * (1 + this.#deps.random() / 4);
  }

  #fail(message: OutgoingMessage, error: ErrorBody): void {
    const failed = { ...message, status: 'failed' as const, error };
    if (!this.#messages.includes(message)) return;
    this.#store(failed);
    this.#replace(this.#messages.map(held => (held === message ? failed : held)));
  }

  #store(message: OutgoingMessage): void {
    this.#writes = this.#deps.stored.put(message);
  }

  #without(id: string): OutgoingMessage[] {
    return this.#messages.filter(({ clientMessageId }) => clientMessageId !== id);
  }

  #replace(messages: readonly OutgoingMessage[]): void {
    this.#messages = messages;
    this.#deps.onChange(messages);
    this.#next();
  }
}
