import type { Conversation, Message } from '@parley/contracts';
import type { HistoryClient } from '@parley/platform';
import pMap from 'p-map';
import { isShown } from '../../conversations/chat-view.ts';
import { readBack } from '../../conversations/read-back.ts';

/** Messages remembered as told. */
const REMEMBERED = 2_000;
/** Sessions looked at for what was missed, the newest ones. */
const SESSIONS = 200;
/** History must survive that a gateway asks for all of them. */
const AT_ONCE = 16;
/** Between the clocks of history's processes, and between storing something and saying so. */
const SKEW_MS = 10_000;

/**
 * What is said in all sessions: each message once, and those that were said while nothing was heard. Times are history's,
 * in ISO form, which sorts like the times do.
 */
export class AdminNews {
  readonly #history: Pick<HistoryClient, 'call'>;
  /** When each was told to have changed last. */
  readonly #told = new Map<string, string>();
  /** What was stored up to here was there before anybody listened; unknown if history could not be asked. */
  #begunAt: string | undefined;
  #heardUntil = '';
  #missedSince: string | undefined;

  constructor(history: Pick<HistoryClient, 'call'>) {
    this.#history = history;
  }

  /** From now on somebody listens. What is stored already is no news. */
  async begin(): Promise<void> {
    const { conversations } = await this.#history.call('listConversations', { limit: 1 });
    this.#begunAt = conversations[0]?.updatedAt ?? '';
  }

  /** True for a message that has not been told as it is now; it counts as told from now on. */
  isNews({ id, updatedAt }: Message): boolean {
    if (updatedAt <= (this.#told.get(id) ?? '')) return false;
    // Again at the end: the oldest are forgotten first.
    this.#told.delete(id);
    this.#told.set(id, updatedAt);
    const [oldest] = this.#told.keys();
    if (oldest !== undefined && this.#told.size > REMEMBERED) this.#told.delete(oldest);
    if (updatedAt > this.#heardUntil) this.#heardUntil = updatedAt;
    return true;
  }

  /** Something may have been said that was not heard. */
  miss(): void {
    this.#missedSince ??= this.#heardUntil;
  }

  /** True until `missed` is asked, and again if that fails. */
  get hasMissed(): boolean {
    return this.#missedSince !== undefined;
  }

  /** Reads what was missed, of each session oldest first; what has been told may be among it. */
  async missed(): Promise<Message[]> {
    const missedSince = this.#missedSince;
    if (missedSince === undefined) return [];
    this.#missedSince = undefined;
    try {
      if (this.#begunAt === undefined) await this.begin();
      return await this.#storedSince(later(this.#begunAt, before(missedSince)));
    } catch (error) {
      this.#missedSince = missedSince;
      throw error;
    }
  }

  async #storedSince(since: string): Promise<Message[]> {
    const { conversations } = await this.#history.call('listConversations', { limit: SESSIONS });
    const changed = conversations.filter(({ updatedAt }) => updatedAt > since);
    const isEnough = ([oldest]: readonly Message[]): boolean =>
      oldest !== undefined && oldest.updatedAt <= since;
    const read = ({ id }: Conversation): Promise<Message[]> => readBack(this.#history, id, isEnough);
    const messages = await pMap(changed, read, { concurrency: AT_ONCE });
    return messages.flat().filter(message => message.updatedAt > since && isShown(message));
  }
}

function before(time: string): string {
  return time === '' ? '' : new Date(Date.parse(time) - SKEW_MS).toISOString();
}

function later(one = '', other: string): string {
  return one > other ? one : other;
}
