import { randomUUID } from 'node:crypto';
import { ParleyError, type Conversation } from '@parley/contracts';
import type { HistoryClient } from '@parley/platform';
import type { AccessPolicy } from '../access/access-policy.ts';
import { visitorIdOf, type Caller, type Origin } from '../access/caller.ts';
import type { VisitorTokens } from '../access/visitor-tokens.ts';

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

  constructor(history: HistoryClient, policy: AccessPolicy, tokens: VisitorTokens) {
    this.#history = history;
    this.#policy = policy;
    this.#tokens = tokens;
  }

  async open(caller: Caller, sessionId: string | undefined, from: Origin): Promise<OpenedSession> {
    const visitorId = visitorIdOf(caller) ?? randomUUID();
    const conversation = await this.#conversation(caller, sessionId, visitorId, from);
    return { conversation, visitorId, token: await this.#tokens.issue(visitorId) };
  }

  async #conversation(caller: Caller, sessionId: string | undefined, visitorId: string, from: Origin) {
    const create = async (conversationId: string): Promise<Conversation> => {
      const request = { conversationId, visitorId, ipAddress: from.ipAddress, userAgent: from.userAgent };
      return (await this.#history.call('createConversation', request)).conversation;
    };
    if (sessionId === undefined) return create(randomUUID());
    // Open mode heals a lost session under the id that the client already holds.
    if (this.#policy.mode === 'open') return create(sessionId);
    // With tokens a foreign id must look like an unknown one, so neither can be had: the visitor gets a new one.
    return this.#policy.existing(caller, sessionId).catch((error: unknown) => {
      if (error instanceof ParleyError && error.code === 'CONVERSATION_NOT_FOUND')
        return create(randomUUID());
      throw error;
    });
  }
}
