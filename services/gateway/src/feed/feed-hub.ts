import { ParleyError } from '@parley/contracts';
import { ConversationFeed, type FeedDependencies } from './conversation-feed.ts';
import type { FeedListener } from './feed-listener.ts';

const LOOK_EVERY_MS = 2_000;
const QUIET_MS = 4_000;
const CATCH_UPS_AT_ONCE = 16;

interface Entry {
  readonly feed: ConversationFeed;
  readonly ready: Promise<void>;
  followers: number;
}

/** The conversations that somebody on this gateway follows; each is followed once, and no longer than needed. */
export class FeedHub {
  readonly #deps: FeedDependencies;
  readonly #listeners: FeedListener[] = [];
  readonly #entries = new Map<string, Entry>();
  /** Conversations that have missed something and could not catch up yet: Redis or history was still away. */
  readonly #behind = new Set<string>();
  readonly #timer: NodeJS.Timeout;

  constructor(deps: Omit<FeedDependencies, 'listeners'>) {
    this.#deps = { ...deps, listeners: this.#listeners };
    deps.subscriber.onGap(() => void this.#catchUp([...this.#entries.keys()]));
    // A lost frame that nothing follows is no gap that a later frame could show: the last one, above all.
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  /** Whoever shows what happens; call it before the first conversation is followed. */
  addListener(listener: FeedListener): void {
    this.#listeners.push(listener);
  }

  /**
   * Follows a conversation until `release`.
   *
   * @throws ParleyError BUSY if Redis cannot be asked right now.
   */
  async acquire(conversationId: string): Promise<ConversationFeed> {
    const entry = this.#entries.get(conversationId) ?? this.#open(conversationId);
    entry.followers += 1;
    try {
      await entry.ready;
    } catch (error) {
      this.release(conversationId);
      throw new ParleyError('BUSY', { retryAfterMs: 1_000, cause: error });
    }
    return entry.feed;
  }

  /** Ends one `acquire`. */
  release(conversationId: string): void {
    const entry = this.#entries.get(conversationId);
    if (!entry) return;
    entry.followers -= 1;
    if (entry.followers > 0) return;
    this.#entries.delete(conversationId);
    entry.feed.close().catch(() => undefined);
  }

  /** Conversations followed. */
  get size(): number {
    return this.#entries.size;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #open(conversationId: string): Entry {
    const feed = new ConversationFeed(conversationId, this.#deps);
    const entry: Entry = { feed, ready: feed.open(), followers: 0 };
    this.#entries.set(conversationId, entry);
    return entry;
  }

  #look(): void {
    for (const [conversationId, { feed }] of this.#entries) {
      if (feed.isQuiet(QUIET_MS))
        feed.repair().catch((error: unknown) => this.#notYet(conversationId, error));
    }
    if (this.#behind.size > 0) void this.#catchUp([...this.#behind]);
  }

  /** A few at a time: history must survive that all of a gateway's conversations ask at once. */
  async #catchUp(conversationIds: readonly string[]): Promise<void> {
    for (const conversationId of conversationIds) this.#behind.add(conversationId);
    const ids = conversationIds.values();
    const catchUpNext = async (): Promise<void> => {
      for (const conversationId of ids) await this.#catchUpOne(conversationId);
    };
    await Promise.all(Array.from({ length: CATCH_UPS_AT_ONCE }, catchUpNext));
  }

  async #catchUpOne(conversationId: string): Promise<void> {
    try {
      await this.#entries.get(conversationId)?.feed.catchUp();
      this.#behind.delete(conversationId);
    } catch (error) {
      this.#notYet(conversationId, error);
    }
  }

  #notYet(conversationId: string, error: unknown): void {
    this.#deps.log.warn({ err: error, conversationId }, 'feed not repaired yet');
  }
}
