import { ParleyError, type ErrorBody } from '@parley/contracts';
import type { Outcome } from '../connection/native-calls.ts';
import type { After } from '../environment.ts';
import { addressed, isAddressed, type AddressedMessage } from './addressed-message.ts';
import type { OutgoingMessage } from './outgoing-message.ts';
import type { StoredOutbox } from './stored-outbox.ts';

/** More than anybody types while there is no connection. */
const MAX_MESSAGES = 100;
const MAX_RETRY_WAIT_MS = 60_000;

const DISCARDED: Outcome<unknown> = { kind: 'done', reply: undefined };

export interface OutboxDependencies {
  readonly stored: StoredOutbox;
  /** Delivers one message; everything about it but its end is up to the outbox. */
  readonly deliver: (message: AddressedMessage) => Promise<Outcome<unknown>>;
  readonly onChange: (messages: readonly OutgoingMessage[]) => void;
  readonly after: After;
  /** Milliseconds since 1970. */
  readonly now: () => number;
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
    this.#writes = this.#deps.stored.discard(id);
    this.#replace(this.#without(id));
  }

  /** The server has named the conversation, which takes the place of those that are `gone`. */
  address(conversationId: string, gone: readonly (string | undefined)[]): void {
    const messages = this.#messages.map(message => addressed(message, conversationId, gone));
    const changed = messages.filter((message, index) => message !== this.#messages[index]);
    for (const message of changed) this.#store(message);
    if (changed.length > 0) this.#replace(messages);
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
    this.#endWait();
  }

  #next(): void {
    const message = this.#messages.find(({ status }) => status === 'sending');
    if (!this.#isOpen || this.#isSending || !message || !isAddressed(message)) return;
    this.#isSending = true;
    void this.#send(message, this.#round);
  }

  async #send(message: AddressedMessage, round: number): Promise<void> {
    const { clientMessageId: id } = message;
    await this.#writes;
    const isDiscarded = await this.#deps.stored.isDiscarded(id);
    if (round !== this.#round) return;
    const outcome = isDiscarded ? DISCARDED : await this.#deliver(message);
    const waitMs = outcome.kind === 'refused' ? waitAfter(outcome.error) : undefined;
    if (outcome.kind === 'done') this.#remove(id);
    if (outcome.kind === 'refused' && waitMs === undefined) this.#fail(id, outcome.error);
    // A newer connection has begun to send meanwhile; without an answer there will be one.
    if (round !== this.#round || outcome.kind === 'unanswered') return;
    if (outcome.kind === 'refused' && waitMs !== undefined) this.#wait(id, waitMs, outcome.error);
    else this.#goOn();
  }

  /** What became of it where it does not belong any more says nothing, unless it is stored there. */
  async #deliver(message: AddressedMessage): Promise<Outcome<unknown> | { kind: 'moved' }> {
    const outcome = await this.#deps.deliver(message);
    const held = this.#messages.find(({ clientMessageId }) => clientMessageId === message.clientMessageId);
    const hasMoved = held && held.conversationId !== message.conversationId;
    return outcome.kind === 'refused' && hasMoved ? { kind: 'moved' } : outcome;
  }

  #goOn(): void {
    this.#isSending = false;
    this.#next();
  }

  #wait(id: string, waitMs: number, error: ErrorBody): void {
    const retryMs = this.#retryWait(waitMs);
    this.#cancelWait = this.#deps.after(retryMs, () => {
      this.#endWait();
      this.#goOn();
    });
    const retryAt = this.#deps.now() + retryMs;
    this.#change(id, message => ({ ...message, error, retryAt }));
  }

  #endWait(): void {
    this.#cancelWait?.();
    this.#cancelWait = undefined;
    const waiting = this.#messages.find(({ retryAt }) => retryAt !== undefined);
    if (waiting) this.#change(waiting.clientMessageId, ({ error: _, retryAt: __, ...message }) => message);
  }

  /** Everybody is told the same time; they must not all come back in the same moment. */
  #retryWait(retryAfterMs: number): number {
    return Math.min(retryAfterMs, MAX_RETRY_WAIT_MS) * (1 + this.#deps.random() / 4);
  }

  #fail(id: string, error: ErrorBody): void {
    const failed = this.#change(id, message => ({ ...message, status: 'failed', error }));
    if (failed) this.#store(failed);
  }

  #remove(id: string): void {
    this.#writes = this.#deps.stored.remove(id);
    this.#replace(this.#without(id));
  }

  /** @returns the changed message, or undefined if it has been given up. */
  #change(id: string, change: (message: OutgoingMessage) => OutgoingMessage): OutgoingMessage | undefined {
    const held = this.#messages.find(({ clientMessageId }) => clientMessageId === id);
    if (!held) return undefined;
    const changed = change(held);
    this.#replace(this.#messages.map(message => (message === held ? changed : message)));
    return changed;
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

/**
 * How long an answer takes, nobody knows, and where messages are rejected meanwhile, none is to be queued here. What could be
 * asked only tomorrow may not be wanted any more by then.
 */
const LEFT_TO_PEOPLE: ReadonlySet<ErrorBody['code']> = new Set(['ANSWER_IN_PROGRESS', 'BUDGET_SPENT']);

/** Milliseconds after which a refused message is sent again; undefined if somebody has to say so. */
function waitAfter({ code, retryAfterMs }: ErrorBody): number | undefined {
  return LEFT_TO_PEOPLE.has(code) ? undefined : retryAfterMs;
}
