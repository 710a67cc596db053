import { randomUUID } from 'node:crypto';
import type { Conversation, HistoryRequest } from '@parley/contracts';
import type { HistoryClient } from '@parley/platform';
import type { AccessPolicy } from '../access/access-policy.ts';
import { visitorIdOf, type Caller, type Origin } from '../access/caller.ts';
import type { VisitorTokens } from '../access/visitor-tokens.ts';
import { unlessGone } from '../conversations/unless-gone.ts';
import type { NewConversations } from './new-conversations.ts';

export interface OpenedSession {
  readonly conversation: Conversation;
  /** Proves who the visitor is from now on. */
  readonly token: string;
  readonly visitorId: string;
}

/** Finds a visitor's session again, or makes one. */
export class OpenSession {
  readonly #history: HistoryClient;
  readonly #policy: AccessPolicy;
  readonly #tokens: VisitorTokens;
  readonly #created: NewConversations;

  constructor(
    history: HistoryClient,
    policy: AccessPolicy,
    tokens: VisitorTokens,
    created: NewConversations,
  ) {
    this.#history = history;
    this.#policy = policy;
    this.#tokens = tokens;
    this.#created = created;
  }

  /**
   * @param told what a new one keeps of where it comes from, if the client says something else.
   * @throws ParleyError RATE_LIMIT_EXCEEDED if it would be a new one and its address has begun too many.
   */
  async open(
    caller: Caller,
    sessionId: string | undefined,
    from: Origin,
    told: Origin = from,
  ): Promise<OpenedSession> {
    const visitorId = visitorIdOf(caller) ?? randomUUID();
    const create = (conversationId: string): Promise<Conversation> =>
      this.#create(caller, { conversationId, visitorId, ...told }, from.ipAddress);
    const conversation = await this.#conversation(caller, sessionId, create);
    return { conversation, visitorId, token: await this.#tokens.issue(visitorId) };
  }

  async #conversation(
    caller: Caller,
    sessionId: string | undefined,
    create: (conversationId: string) => Promise<Conversation>,
  ): Promise<Conversation> {
    if (sessionId === undefined) return create(randomUUID());
    // Open mode heals a lost session under the id that the client already holds.
    if (this.#policy.mode === 'open') return create(sessionId);
    // With tokens a foreign id must look like an unknown one, so neither can be had: the visitor gets a new one.
    return (await unlessGone(this.#policy.existing(caller, sessionId))) ?? create(randomUUID());
  }

  async #create(
    caller: Caller,
    request: HistoryRequest<'createConversation'>,
    ipAddress: string,
  ): Promise<Conversation> {
    try {
      await this.#created.take(ipAddress);
    } catch (error) {
      // One that is there already is no new one.
      const existing = await unlessGone(this.#policy.existing(caller, request.conversationId));
      if (existing) return existing;
      throw error;
    }
    const { conversation, created } = await this.#history.call('createConversation', request);
    if (!created) this.#created.giveBack(ipAddress);
    return conversation;
  }
}
