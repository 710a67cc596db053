import type { ErrorBody } from '@parley/contracts';
import type { Environment } from '../environment.ts';
import {
  CONNECTION_TABLE,
  type ConnectionAction,
  type ConnectionEvent,
  type ConnectionState,
} from './connection-table.ts';
import { fullJitter } from './full-jitter.ts';
import type { Link, LinkTarget } from './link.ts';
import { parseAck, type CallName, type CallPayload, type CallReply, type Outcome } from './native-calls.ts';
import type { ConversationEvent, ServerEvent } from './server-event.ts';

const CONNECT_DEADLINE_MS = 8_000;
const ASK_DEADLINE_MS = 10_000;
/** The browser may be wrong about the network: it is tried all the same, seldom. */
const OFFLINE_RETRY_MS = 30_000;
const REPAIR_RETRY_MS = 2_000;
/** A connection that lasted that long was a good one; the next attempt counts as the first. */
const GOOD_AFTER_MS = 5_000;

export interface ConnectionDependencies extends Pick<
  Environment,
  'openLink' | 'after' | 'random' | 'now' | 'watchWakeEvents'
> {
  readonly target: () => LinkTarget;
  readonly resumeRequest: () => CallPayload<'resume'>;
  /** Called before `onState` tells that it is online. Returns false if something is missing still. */
  readonly onResumed: (reply: CallReply<'resume'>, request: CallPayload<'resume'>) => boolean;
  readonly onEvent: (event: ConversationEvent) => void;
  /** `error`: why the server has refused, if that is what led here. */
  readonly onState: (state: ConnectionState, error: ErrorBody | undefined) => void;
}

/** Executes the connection's table: holds the one link, the one timer, and the resume that is under way. */
export class Connection {
  readonly #deps: ConnectionDependencies;
  #state: ConnectionState = 'idle';
  #link: Link | undefined;
  #resuming: Link | undefined;
  #cancelTimer: (() => void) | undefined;
  #unwatch: (() => void) | undefined;
  /** Attempts in a row that came to nothing, or to a connection that did not last. */
  #failures = 0;
  #onlineSince: number | undefined;

  constructor(deps: ConnectionDependencies) {
    this.#deps = deps;
  }

  get isOnline(): boolean {
    return this.#state === 'online' || this.#state === 'draining';
  }

  start(): void {
    this.#unwatch ??= this.#deps.watchWakeEvents(event => this.handle(event));
    this.handle('start');
  }

  stop(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.handle('stop');
  }

  /** Asks the server; a server that does not answer is lost, as is anything asked while there is no connection. */
  async ask<C extends CallName>(call: C, payload: CallPayload<C>): Promise<Outcome<CallReply<C>>> {
    const link = this.#link;
    if (!link || !this.isOnline) return { kind: 'unanswered' };
    return this.#askOver(link, call, payload);
  }

  /** Says something that is only interesting now. */
  tell<C extends CallName>(call: C, payload: CallPayload<C>): void {
    if (this.isOnline) this.#link?.tell(call, payload);
  }

  /**
   * @param waitMs what the server says about how long to wait.
   * @param error why the server has refused.
   */
  handle(event: ConnectionEvent, waitMs = 0, error?: ErrorBody): void {
    const before = this.#state;
    const { state, actions } = CONNECTION_TABLE[before][event];
    this.#state = state;
    this.#judge(before, event);
    for (const action of actions) this.#act(action, waitMs);
    if (state !== before || error) this.#deps.onState(state, error);
  }

  #act(action: ConnectionAction, waitMs: number): void {
    switch (action) {
      case 'open':
        return this.#open();
      case 'close':
        this.#link?.close();
        this.#link = undefined;
        return;
      case 'resume':
        if (this.#link && this.#resuming !== this.#link) void this.#resume(this.#link);
        return;
      case 'arm':
      case 'disarm':
        this.#cancelTimer?.();
        this.#cancelTimer = undefined;
        if (action === 'arm') {
          this.#cancelTimer = this.#deps.after(this.#timerMs(waitMs), () => this.handle('timer'));
        }
    }
  }

  #open(): void {
    const ifCurrent = (act: () => void): void => {
      if (this.#link === link) act();
    };
    const link = this.#deps.openLink(this.#deps.target(), {
      connected: () => ifCurrent(() => this.handle('connected')),
      lost: refusal => ifCurrent(() => (refusal ? this.#refused(refusal) : this.handle('lost'))),
      event: event => ifCurrent(() => this.#heard(event)),
    });
    this.#link = link;
  }

  #heard(event: ServerEvent): void {
    if (event.type === 'draining') this.handle('drain', event.payload.reconnectInMs);
    else if (event.type === 'unknown-piece') this.handle('gap');
    else this.#deps.onEvent(event);
  }

  /** One at a time: what turns up missing while it runs was said before its answer, so the answer contains it. */
  async #resume(link: Link): Promise<void> {
    this.#resuming = link;
    const request = this.#deps.resumeRequest();
    const outcome = await this.#askOver(link, 'resume', request);
    if (this.#resuming === link) this.#resuming = undefined;
    if (this.#link !== link) return;
    if (outcome.kind === 'refused') this.#refused(outcome.error);
    if (outcome.kind !== 'done') return;
    const isWhole = this.#deps.onResumed(outcome.reply, request);
    this.handle('resumed');
    if (!isWhole) this.handle('gap');
  }

  async #askOver<C extends CallName>(
    link: Link,
    call: C,
    payload: CallPayload<C>,
  ): Promise<Outcome<CallReply<C>>> {
    const ack = await link.ask(call, payload, ASK_DEADLINE_MS);
    if (ack !== undefined) return parseAck(call, ack);
    if (this.#link === link) this.handle('lost');
    return { kind: 'unanswered' };
  }

  #refused(error: ErrorBody): void {
    this.handle('refused', error.retryAfterMs, error);
  }

  /** Decides whether the next wait is the first of its kind. */
  #judge(before: ConnectionState, event: ConnectionEvent): void {
    if (event === 'start' || event === 'online' || event === 'wake') this.#failures = 0;
    if (before === 'resuming' && this.#state === 'online') this.#onlineSince = this.#deps.now();
    if (this.isOnline || this.#onlineSince === undefined) return;
    if (this.#deps.now() - this.#onlineSince >= GOOD_AFTER_MS) this.#failures = 0;
    this.#onlineSince = undefined;
  }

  #timerMs(waitMs: number): number {
    switch (this.#state) {
      case 'connecting':
        return CONNECT_DEADLINE_MS;
      case 'waiting':
        return waitMs + fullJitter(this.#failures++, this.#deps.random);
      case 'online':
        return Math.max(waitMs, REPAIR_RETRY_MS);
      case 'draining':
        return waitMs;
      case 'offline':
      case 'idle':
      case 'resuming':
      case 'closed':
        return OFFLINE_RETRY_MS;
    }
  }
}
