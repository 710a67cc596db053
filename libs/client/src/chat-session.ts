import {
  MAX_MESSAGE_CHARS,
  ParleyError,
  messageContentSchema,
  nativeClientEvents,
  type ConversationMode,
  type ErrorBody,
  type nativeServerEvents,
  type Payload,
} from '@parley/contracts';
import { Connection } from './connection/connection.ts';
import type { ConnectionState } from './connection/connection-table.ts';
import type { CallName, CallPayload, CallReply, Outcome } from './connection/native-calls.ts';
import type { ConversationEvent } from './connection/server-event.ts';
import type { Environment } from './environment.ts';
import { Identity } from './identity.ts';
import { OlderPages } from './older-pages.ts';
import { Outbox } from './outbox/outbox.ts';
import type { AddressedMessage } from './outbox/addressed-message.ts';
import type { OutgoingMessage } from './outbox/outgoing-message.ts';
import { StoredOutbox } from './outbox/stored-outbox.ts';
import { QuietWatch } from './quiet-watch.ts';
import { SnapshotStore } from './snapshot-store.ts';
import { CarefulStorage } from './storage/careful-storage.ts';
import { shortDigest } from './storage/short-digest.ts';
import { newestAnswer } from './transcript/newest-answer.ts';
import { resumeRequest } from './transcript/resume-request.ts';
import type { TranscriptEvent } from './transcript/transcript-event.ts';
import { emptyTranscript, type Transcript } from './transcript/transcript.ts';
import { TypingNotices } from './typing-notices.ts';

const contentSchema = messageContentSchema(MAX_MESSAGE_CHARS);
const NO_CONNECTION = { message: 'There is no connection right now', retryAfterMs: 1_000 };

export interface ChatSessionOptions {
  readonly url: string;
  readonly token: string | undefined;
  readonly conversationId: string | undefined;
  readonly environment: Environment;
}

/** Puts the parts of the client together: what comes in becomes transcript, what is written goes through the outbox. */
export class ChatSession {
  readonly store: SnapshotStore;
  readonly outbox: Outbox;
  readonly older: OlderPages;
  readonly #environment: Environment;
  readonly #identity: Identity;
  readonly #connection: Connection;
  readonly #typing: TypingNotices;
  readonly #quiet: QuietWatch;
  #loading: Promise<unknown> | undefined;
  #isStarted = false;
  /** Those of which the resume under way may know. */
  #answersAsked: Transcript['answers'] = [];
  /** What has been told since it was asked; it may have read the one before. */
  #newerMode: Payload<typeof nativeServerEvents, 'mode'> | undefined;

  constructor({ url, token, conversationId, environment }: ChatSessionOptions) {
    const storage = new CarefulStorage(environment.storage);
    // What was written under a given token must not be sent under another one.
    const by = token === undefined ? 'own' : `given-${shortDigest(token)}`;
    const outboxKey = `outbox:${by}:${conversationId ?? ''}`;
    this.#environment = environment;
    this.#identity = new Identity(storage, token, conversationId);
    this.store = new SnapshotStore(emptyTranscript(conversationId));
    this.outbox = new Outbox({
      ...environment,
      stored: new StoredOutbox(storage, outboxKey),
      deliver: message => this.#deliver(message),
      onChange: payload => this.#apply({ type: 'outbox', payload }),
    });
    this.older = new OlderPages(this.store, beforeSeq =>
      this.#command('load-older', { ...this.#place(), beforeSeq }),
    );
    this.#quiet = new QuietWatch(environment.after, () => this.#connection.handle('gap'));
    this.#typing = new TypingNotices({
      ...environment,
      say: isTyping => this.#connection.tell('typing', { ...this.#place(), isTyping }),
      onExpired: who => this.#apply({ type: 'typing', payload: { ...this.#place(), who, isTyping: false } }),
    });
    this.#connection = new Connection({
      ...environment,
      target: () => ({ url, token: this.#identity.token }),
      resumeRequest: () => this.#resumeRequest(),
      onResumed: (reply, { afterSeq }) => this.#onResumed(reply, afterSeq),
      onEvent: event => this.#onEvent(event),
      onState: (state, error) => this.#onState(state, error),
    });
  }

  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#loading ??= Promise.all([this.#identity.load(), this.outbox.load()]);
    void this.#loading.then(() => {
      if (this.#isStarted) this.#connection.start();
    });
  }

  close(): void {
    this.#isStarted = false;
    this.#connection.stop();
    this.#typing.stop();
  }

  /** @throws ParleyError INVALID_REQUEST, MESSAGE_TOO_LONG, BUSY */
  write(text: string, message: Pick<OutgoingMessage, 'role' | 'replaces'>): string {
    const content = contentSchema.safeParse(text);
    if (!content.success) throw ParleyError.invalid(content.error);
    const { newId, now } = this.#environment;
    const clientMessageId = newId();
    const createdAt = new Date(now()).toISOString();
    const { conversationId } = this.#identity;
    this.outbox.add({
      kind: 'outgoing',
      clientMessageId,
      content: text,
      createdAt,
      status: 'sending',
      ...(conversationId !== undefined && { conversationId }),
      ...message,
    });
    this.#typing.sent();
    return clientMessageId;
  }

  setTyping(isTyping: boolean): void {
    if (this.#connection.isOnline) this.#typing.set(isTyping);
  }

  async stopAnswer(asked?: string): Promise<void> {
    const answerId = asked ?? this.store.transcript.answers[0]?.answerId;
    if (answerId !== undefined) await this.#command('stop', { ...this.#place(), answerId });
  }

  async retryAnswer(asked?: string): Promise<void> {
    const answerId = asked ?? newestAnswer(this.store.transcript);
    // However often it is asked for, also by another tab, an answer has one that takes its place.
    const clientMessageId = `retry:${answerId}`;
    const place = this.#place();
    const reply = await this.#command('retry', { ...place, answerId, clientMessageId });
    this.#apply({ type: 'retried', payload: { ...place, answerId: reply.answerId } });
  }

  async setMode(mode: ConversationMode): Promise<void> {
    await this.#command('set-mode', { ...this.#place(), mode });
  }

  #resumeRequest(): CallPayload<'resume'> {
    const { conversationId } = this.#identity;
    this.#answersAsked = this.store.transcript.answers;
    this.#newerMode = undefined;
    return {
      ...(conversationId !== undefined && { conversationId }),
      ...resumeRequest(this.store.transcript),
    };
  }

  #onResumed(reply: CallReply<'resume'>, afterSeq: number): boolean {
    void this.#learn(reply);
    // Also why a repair was refused before, during which the connection has stayed what it is.
    this.store.connectionChanged(this.store.snapshot.connection, undefined);
    const isNewer = this.#newerMode?.conversationId === reply.conversationId;
    const payload = { ...reply, ...(isNewer && this.#newerMode) };
    return this.#apply({ type: 'resumed', payload, afterSeq, answers: this.#answersAsked });
  }

  async #learn(reply: CallReply<'resume'>): Promise<void> {
    const asked = this.#identity.conversationId;
    const isOurs = await this.#identity.learn(reply);
    if (!isOurs) this.#connection.handle('lost');
    const { conversationId = reply.conversationId } = this.#identity;
    this.outbox.address(conversationId, [asked, reply.conversationId]);
  }

  #onEvent(event: ConversationEvent): void {
    if (event.type === 'mode') this.#newerMode = event.payload;
    if (event.type === 'typing') this.#typing.heard(event.payload.who, event.payload.isTyping);
    if (!this.#apply(event)) this.#connection.handle('gap');
  }

  #onState(state: ConnectionState, error: ErrorBody | undefined): void {
    this.store.connectionChanged(state, error ?? this.store.snapshot.error);
    if (this.#connection.isOnline) this.outbox.open();
    else {
      this.outbox.pause();
      this.#typing.stop();
      this.#apply({ type: 'lost' });
    }
    this.#watchAnswers(true);
  }

  #onSent(reply: CallReply<'send'> | CallReply<'say-as-admin'>): void {
    const isWhole = this.#apply({ type: 'sent', payload: reply });
    if (!isWhole) this.#connection.handle('gap');
  }

  #apply(event: TranscriptEvent): boolean {
    const before = this.store.transcript.answers;
    const isWhole = this.store.apply(event);
    this.#watchAnswers(this.store.transcript.answers !== before);
    return isWhole;
  }

  #watchAnswers(isNews: boolean): void {
    this.#quiet.update(this.#connection.isOnline && this.store.transcript.answers.length > 0, isNews);
  }

  async #deliver({ role, replaces, ...message }: AddressedMessage): Promise<Outcome<unknown>> {
    const { conversationId, clientMessageId, content } = message;
    const said = { conversationId, clientMessageId, content };
    const outcome = await (role === 'admin'
      ? this.#ask('say-as-admin', said)
      : replaces === undefined
        ? this.#ask('send', said)
        : this.#ask('edit', { ...said, messageId: replaces }));
    if (outcome.kind === 'done') this.#onSent(outcome.reply);
    return outcome;
  }

  async #command<C extends CallName>(call: C, payload: CallPayload<C>): Promise<CallReply<C>> {
    const outcome = await this.#ask(call, payload);
    if (outcome.kind === 'done') return outcome.reply;
    throw outcome.kind === 'refused' ? toError(outcome.error) : new ParleyError('BUSY', NO_CONNECTION);
  }

  async #ask<C extends CallName>(call: C, payload: CallPayload<C>): Promise<Outcome<CallReply<C>>> {
    const outcome = await this.#connection.ask(call, payload);
    const code = outcome.kind === 'refused' ? outcome.error.code : undefined;
    // Once, as every call may be.
    if (code === 'INTERNAL_ERROR') return this.#connection.ask(call, payload);
    // The resume begins another one; an admin's would be nobody's.
    if (code === 'CONVERSATION_NOT_FOUND' && call in nativeClientEvents) this.#connection.handle('gap');
    return outcome;
  }

  /** Nothing is asked before the first resume, which tells the conversation's id. */
  #place(): { conversationId: string } {
    return { conversationId: this.#identity.conversationId ?? '' };
  }
}

function toError({ code, message, details, retryAfterMs }: ErrorBody): ParleyError {
  return new ParleyError(code, {
    message,
    ...(details && { details }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}
