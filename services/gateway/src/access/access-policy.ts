import { ParleyError, type Conversation } from '@parley/contracts';
import type { HistoryClient } from '@parley/platform';
import type { Caller } from './caller.ts';

export type AuthMode = 'open' | 'token';

/** Who may enter which conversation. Unknown and foreign ones look the same. */
export class AccessPolicy {
  readonly mode: AuthMode;
  readonly #history: HistoryClient;

  constructor(mode: AuthMode, history: HistoryClient) {
    this.mode = mode;
    this.#history = history;
  }

  /**
   * Knowing an id is enough in open mode, also for a conversation that does not exist yet.
   *
   * @throws ParleyError CONVERSATION_NOT_FOUND
   */
  async assertMayEnter(caller: Caller, conversationId: string): Promise<void> {
    if (this.mode === 'open' || caller.kind === 'admin') return;
    await this.existing(caller, conversationId);
  }

  /** @throws ParleyError CONVERSATION_NOT_FOUND if there is none, or it is somebody else's. */
  async existing(caller: Caller, conversationId: string): Promise<Conversation> {
    const { conversation } = await this.#history.call('getConversation', { conversationId });
    if (!this.#owns(caller, conversation)) throw new ParleyError('CONVERSATION_NOT_FOUND');
    return conversation;
  }

  /** @throws ParleyError UNAUTHORIZED if nobody would own what the caller makes. */
  assertMayCreate(caller: Caller): void {
    if (this.mode === 'token' && caller.kind === 'visitor' && caller.visitorId === undefined) {
      throw new ParleyError('UNAUTHORIZED');
    }
  }

  /**
   * Which conversations a list may show.
   *
   * @returns a visitor's id to filter by, or undefined for all.
   * @throws ParleyError UNAUTHORIZED
   */
  listFilter(caller: Caller): string | undefined {
    if (this.mode === 'open' || caller.kind === 'admin') return undefined;
    if (caller.visitorId === undefined) throw new ParleyError('UNAUTHORIZED');
    return caller.visitorId;
  }

  #owns(caller: Caller, conversation: Conversation): boolean {
    if (this.mode === 'open' || caller.kind === 'admin') return true;
    return caller.visitorId !== undefined && conversation.visitorId === caller.visitorId;
  }
}

/** @throws ParleyError UNAUTHORIZED */
export function assertAdmin(caller: Caller): void {
  if (caller.kind !== 'admin') throw new ParleyError('UNAUTHORIZED');
}
