import { ParleyError } from '@parley/contracts';
import { scoped, type ChannelSubscriber, type Log } from '@parley/platform';
import { ConversationFeed, type FeedDependencies } from './conversation-feed.ts';
import type { FeedListener } from './feed-listener.ts';
import { RepairQueue } from './repair-queue.ts';

const LOOK_EVERY_MS = 2_000;
const QUIET_MS = 4_000;

export interface HubDependencies extends Omit<FeedDependencies, 'listeners' | 'onMissed'> {
  readonly subscriber: Pick<ChannelSubscriber, 'subscribe' | 'unsubscribe' | 'onGap'>;
}

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
  /** Conversations that have missed something. */
  readonly #behind: RepairQueue;
  /** Conversations of whose answer nothing is heard. */
  readonly #quiet: RepairQueue;
  readonly #log: Log;
  readonly #timer: NodeJS.Timeout;

  constructor(deps: HubDependencies) {
    this.#deps = {
      ...deps,
      listeners: this.#listeners,
      onMissed: conversationId => this.#catchUp([conversationId]),
    };
    this.#log = scoped(deps.log, { component: 'FeedHub', function: 'look' });
    this.#behind = this.#repairQueue(feed => feed.catchUp());
    this.#quiet = this.#repairQueue(feed => feed.repair());
    deps.subscriber.onGap(() => this.#catchUp(this.#entries.keys()));
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

  /** Conversations that have missed something and have not caught up yet. */
  get behind(): number {
    return this.#behind.size;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#behind.clear();
    this.#quiet.clear();
  }

  #open(conversationId: string): Entry {
    const feed = new ConversationFeed(conversationId, this.#deps);
    const entry: Entry = { feed, ready: feed.open(), followers: 0 };
    this.#entries.set(conversationId, entry);
    return entry;
  }

  #catchUp(conversationIds: Iterable<string>): void {
    this.#behind.add(conversationIds);
    this.#behind.start();
  }

  #look(): void {
    this.#quiet.add(this.#notHeardOf());
    this.#quiet.start();
    this.#behind.start();
  }

  *#notHeardOf(): Generator<string> {
    for (const [conversationId, { feed }] of this.#entries) {
      if (feed.isQuiet(QUIET_MS) && !this.#quiet.has(conversationId)) yield conversationId;
    }
  }

  #repairQueue(work: (feed: ConversationFeed) => Promise<void>): RepairQueue {
    return new RepairQueue(
      async conversationId => {
        const entry = this.#entries.get(conversationId);
        if (entry) await work(entry.feed);
      },
      (failed, error) => {
        // Redis or history is away. The next look tries again.
        this.#log.warn({ err: error, failed }, 'feeds not repaired yet');
      },
    );
  }
}
