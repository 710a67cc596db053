import {
  ParleyError,
  conversationFrame,
  isClosed,
  redisNames,
  type Conversation,
  type Message,
} from '@parley/contracts';
import {
  readFrame,
  type AnswerLog,
  type ChannelSubscriber,
  type HistoryClient,
  type Log,
} from '@parley/platform';
import type { FeedListener } from './feed-listener.ts';
import { applyNews, type AnswerNews, type LiveAnswer } from './live-answer.ts';
import { LiveAnswers } from './live-answers.ts';
import { RecentMessages } from './recent-messages.ts';

export interface FeedDependencies {
  readonly subscriber: Pick<ChannelSubscriber, 'subscribe' | 'unsubscribe'>;
  readonly answerLog: Pick<AnswerLog, 'live' | 'read'>;
  readonly history: Pick<HistoryClient, 'call'>;
  readonly listeners: readonly FeedListener[];
  /** Something was said in the conversation that was not heard: `catchUp` tells it. */
  readonly onMissed: (conversationId: string) => void;
  readonly log: Log;
  readonly now: () => number;
}

/**
 * One conversation as this gateway follows it: the frames of its channel, made gapless by the answer log and history.
 */
export class ConversationFeed {
  readonly #conversationId: string;
  readonly #deps: FeedDependencies;
  readonly #live = new LiveAnswers();
  readonly #recent: RecentMessages;
  readonly #gaps = new Set<string>();
  #repairing: Promise<void> | undefined;
  #lastNewsAt: number;
  #isClosed = false;

  constructor(conversationId: string, deps: FeedDependencies) {
    this.#conversationId = conversationId;
    this.#deps = deps;
    this.#recent = new RecentMessages(conversationId, deps.history);
    this.#lastNewsAt = deps.now();
  }

  /** Resolves when the conversation is followed and what was under way before is known. */
  async open(): Promise<void> {
    await this.#deps.subscriber.subscribe(this.#channel, this.#onPayload);
    // Without history there is nothing to compare with later, but live text can be followed all the same.
    await Promise.all([this.repair(), this.#recent.recall().catch(() => undefined)]);
  }

  /** The connection was away: tells what was said meanwhile, of answers as well as of anything else. */
  async catchUp(): Promise<void> {
    await this.repair();
    const conversation = await this.#conversation();
    if (!conversation) return;
    for (const message of await this.#recent.missed()) {
      // An answer whose end was told before has only changed its status.
      const isEnd = message.role === 'assistant' && !this.#recent.has(message.id);
      if (isEnd) this.#onEnded(message);
      else this.#onMessage(message, undefined);
    }
    this.#tell(listener => listener.modeChanged?.(this.#conversationId, conversation.mode));
  }

  async close(): Promise<void> {
    this.#tell(listener => listener.feedClosed?.(this.#conversationId));
    // What is being read just now must not be told behind it.
    this.#isClosed = true;
    await this.#deps.subscriber.unsubscribe(this.#channel, this.#onPayload);
  }

  get live(): readonly LiveAnswer[] {
    return this.#live.list();
  }

  /** True if an answer is under way of which nothing has been heard for `forMs`. */
  isQuiet(forMs: number): boolean {
    return this.#live.size > 0 && this.#deps.now() - this.#lastNewsAt >= forMs;
  }

  /** Reads again what frames may have been lost; calls while one runs share it, and it repeats while gaps turn up. */
  async repair(): Promise<void> {
    this.#repairing ??= this.#readUntilWhole().finally(() => {
      this.#repairing = undefined;
    });
    await this.#repairing;
  }

  get #channel(): string {
    return redisNames.conversationChannel(this.#conversationId);
  }

  readonly #onPayload = (payload: string): void => {
    const frame = readFrame(conversationFrame.read, payload);
    if (!frame) return;
    this.#lastNewsAt = this.#deps.now();
    switch (frame.type) {
      case 'answer.started':
        return this.#apply({ kind: 'started', answerId: frame.answerId, epoch: frame.epoch });
      case 'answer.delta': {
        const { answerId, epoch, offset, text } = frame;
        return this.#apply({ kind: 'piece', answerId, epoch, offset, text });
      }
      case 'answer.stored':
        return this.#onEnded(frame.message);
      case 'message.stored':
        return this.#onMessage(frame.message, frame.origin);
      case 'typing': {
        const { who, isTyping, origin } = frame;
        return this.#tell(listener => listener.typing?.(this.#conversationId, who, isTyping, origin));
      }
      case 'conversation.mode':
        return this.#tell(listener => listener.modeChanged?.(this.#conversationId, frame.mode));
      case 'conversation.deleted':
        return this.#onDeleted();
    }
  };

  #apply(news: AnswerNews): void {
    const known = this.#live.get(news.answerId);
    // Told as ended already.
    if (!known && this.#recent.has(news.answerId)) return;
    const { live, steps, gap } = applyNews(known, news);
    if (live && live !== known) this.#live.set(live);
    for (const step of steps) {
      this.#tell(listener => {
        if (!live) return;
        if (step.step === 'started') listener.answerStarted?.(this.#conversationId, { ...live, text: '' });
        else listener.answerPiece?.(this.#conversationId, live, step);
      });
    }
    if (gap) this.#onGap(news.answerId);
  }

  #onGap(answerId: string): void {
    if (!this.#gaps.has(answerId)) this.#tell(listener => listener.gapFound?.(this.#conversationId));
    this.#gaps.add(answerId);
    this.repair().catch((error: unknown) => {
      // Redis is away. The reconnect, or the next look at quiet feeds, repairs it.
      this.#deps.log.warn({ err: error, conversationId: this.#conversationId }, 'gap not repaired yet');
    });
  }

  #onEnded(message: Message): void {
    const wasLive = this.#live.delete(message.id);
    // What is live here has not been told as ended, even if it was among the recent messages when they were recalled.
    if (!this.#recent.isNews(message) && !wasLive) return;
    this.#tell(listener => listener.answerStored?.(message));
    const { replyTo } = message;
    if (replyTo !== undefined && !this.#recent.has(replyTo)) this.#deps.onMissed(this.#conversationId);
  }

  #onMessage(message: Message, origin: string | undefined): void {
    if (this.#recent.isNews(message)) this.#tell(listener => listener.messageStored?.(message, origin));
  }

  #onDeleted(): void {
    this.#live.clear();
    this.#recent.forget();
    this.#tell(listener => listener.conversationDeleted?.(this.#conversationId));
  }

  /** Undefined if there is none (any more); if there was one, its deletion is told. */
  async #conversation(): Promise<Conversation | undefined> {
    const request = { conversationId: this.#conversationId };
    try {
      return (await this.#deps.history.call('getConversation', request)).conversation;
    } catch (error) {
      if (ParleyError.from(error).code !== 'CONVERSATION_NOT_FOUND') throw error;
      // In open mode a conversation may be followed before its first message; then there was none to delete.
      if (this.#live.size > 0 || !this.#recent.isEmpty) this.#onDeleted();
      return undefined;
    }
  }

  async #readUntilWhole(): Promise<void> {
    const logged = await this.#deps.answerLog.live(this.#conversationId);
    const ids = new Set([...logged, ...this.live.map(({ answerId }) => answerId)]);
    do {
      for (const answerId of this.#gaps) ids.add(answerId);
      this.#gaps.clear();
      for (const answerId of ids) await this.#readAnswer(answerId);
      ids.clear();
    } while (this.#gaps.size > 0);
    this.#lastNewsAt = this.#deps.now();
  }

  async #readAnswer(answerId: string): Promise<void> {
    const snapshot = await this.#deps.answerLog.read({ conversationId: this.#conversationId, answerId });
    if (snapshot && snapshot.state !== 'stored') {
      this.#apply({ kind: 'snapshot', answerId, epoch: snapshot.epoch, text: snapshot.text });
      return;
    }
    // No log, or a retired one: if the answer has ended, history has it; if not, its worker writes the log again.
    if (!this.#live.get(answerId)) return;
    const message = await this.#stored(answerId);
    if (message && isClosed(message.status)) this.#onEnded(message);
    if (message) return;
    await this.#conversation();
    this.#live.delete(answerId);
  }

  async #stored(messageId: string): Promise<Message | undefined> {
    const request = { conversationId: this.#conversationId, messageId };
    try {
      return (await this.#deps.history.call('getMessage', request)).message;
    } catch (error) {
      if (ParleyError.from(error).status !== 404) throw error;
      return undefined;
    }
  }

  #tell(say: (listener: FeedListener) => void): void {
    if (this.#isClosed) return;
    for (const listener of this.#deps.listeners) say(listener);
  }
}
