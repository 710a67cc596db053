import { randomUUID } from 'node:crypto';
import type { ClosedAnswerStatus, EndAs, Message } from '@parley/contracts';
import { afterEach, beforeEach, expect } from 'vitest';
import type { ClaimRequest, Clock, ConversationStore, NewTurn, StoredTurn } from '../conversation-store.ts';

/** How a suite gets a store: a new and empty one for each test. */
export interface StoreFixture {
  /** Opens and starts the test's store; called again in the same test, another one on the same data. */
  open(clock: Clock): Promise<ConversationStore>;
  /** True if the data outlives the store. */
  readonly keepsData: boolean;
  /** Removes the data, after the stores have been closed. */
  remove(): Promise<void>;
}

/** What the tests of a suite work with. */
export class StoreBench {
  readonly #fixture: StoreFixture;
  readonly #opened: ConversationStore[] = [];
  #now = Date.parse('2026-01-01T00:00:00Z');

  constructor(fixture: StoreFixture) {
    this.#fixture = fixture;
    beforeEach(async () => {
      await this.openAnother();
    });
    afterEach(async () => {
      for (const store of this.#opened.splice(0)) await store.close();
      await fixture.remove();
    });
  }

  /** Every look at the clock is a millisecond later: order never depends on the speed of the machine. */
  readonly clock: Clock = () => new Date((this.#now += 1));

  get store(): ConversationStore {
    const store = this.#opened.at(-1);
    if (!store) throw new Error('No store is open');
    return store;
  }

  /** As another process would: its own store on the same data. It is the store that the test works with from then on. */
  async openAnother(): Promise<ConversationStore> {
    this.#opened.push(await this.#fixture.open(this.clock));
    return this.store;
  }

  async say(conversationId: string, content: string, turn: Partial<NewTurn> = {}): Promise<StoredTurn> {
    return this.store.appendTurn({ conversationId, clientMessageId: randomUUID(), content, ...turn });
  }

  /** Says something and returns the answer that it asks for. */
  async ask(conversationId: string, content = 'Why?'): Promise<Message> {
    return answerOf(await this.say(conversationId, content));
  }

  /** Each call is a claim of its own, unless it is given an id. */
  async claim(answer: Message, request: Partial<ClaimRequest> = {}) {
    const { claimId = randomUUID(), maxRuns = 2, contextMessages = 50 } = request;
    const { conversationId, id: answerId } = answer;
    return this.store.claimAnswer({ conversationId, answerId, claimId, maxRuns, contextMessages });
  }

  async finish(answer: Message, epoch: number, text = 'Because.', status: ClosedAnswerStatus = 'complete') {
    const { conversationId, id: answerId } = answer;
    return this.store.finishAnswer({ conversationId, answerId, epoch, status, text });
  }

  async requestEnd(answer: Message, as: EndAs = 'stopped') {
    const { conversationId, id: answerId } = answer;
    return this.store.requestEnd({ conversationId, answerId }, as);
  }

  /** Says something and has it answered. */
  async converse(conversationId: string, content: string, text: string): Promise<void> {
    const answer = await this.ask(conversationId, content);
    await this.claim(answer);
    expect(await this.finish(answer, 1, text)).toMatchObject({ outcome: 'stored' });
  }
}

/** A conversation id that no other test uses. */
export const newId = (): string => `c-${randomUUID()}`;

export function answerOf({ answer }: StoredTurn): Message {
  if (!answer) throw new Error('The turn asks for no answer');
  return answer;
}

/** The same call, 50 times at once. */
export async function fiftyTimes<T>(call: (n: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: 50 }, (_, n) => call(n)));
}
