import { ParleyError } from '@parley/contracts';
import type { HistoryClient, Log } from '@parley/platform';
import { createLogger } from '@parley/platform';
import { waitFor } from '@parley/testkit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FeedHub } from './feed-hub.ts';

const CONVERSATIONS = 250;
/** Long enough for many looks at what is behind or quiet. */
const A_WHILE_MS = 30_000;

/** What a hub reads from, which answers when it is let, and counts who asks at the same time. */
class CountedSources {
  mostAtOnce = 0;
  readonly calls = new Map<string, number>();
  readonly warnings: object[] = [];
  isAway = false;
  #atOnce = 0;
  #held: (() => void)[] | undefined;
  #gap: () => void = () => undefined;
  #hear: (payload: string) => void = () => undefined;
  readonly hub: FeedHub;

  constructor({ live }: { live: boolean }) {
    const log = createLogger({ service: 'test', level: 'silent' });
    const warn = ((fields: object) => void this.warnings.push(fields)) as Log['warn'];
    this.hub = new FeedHub({
      subscriber: {
        subscribe: (_channel, listener) => {
          this.#hear = listener;
          return Promise.resolve();
        },
        unsubscribe: () => Promise.resolve(),
        onGap: listener => void (this.#gap = listener),
      },
      answerLog: {
        live: () => this.#answer('live', live ? ['a_1'] : []),
        read: () => this.#answer('read', { epoch: 1, state: 'streaming', text: '' }),
      },
      history: { call: (name => this.#answer(name, reply(name))) as HistoryClient['call'] },
      log: Object.assign(Object.create(log) as Log, { warn }),
      now: () => performance.now(),
    });
  }

  async followAll(): Promise<void> {
    const ids = Array.from({ length: CONVERSATIONS }, (_, index) => `c_${index}`);
    await Promise.all(ids.map(id => this.hub.acquire(id)));
    this.mostAtOnce = 0;
    this.calls.clear();
  }

  reconnected(): void {
    this.#gap();
  }

  /** Something is said in the conversation that is followed last. */
  hear(frame: object): void {
    this.#hear(JSON.stringify(frame));
  }

  /** Nothing is answered from now on. */
  hold(): void {
    this.#held = [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const answer of held) answer();
  }

  async #answer<T>(name: string, what: T): Promise<T> {
    this.calls.set(name, (this.calls.get(name) ?? 0) + 1);
    this.#atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce);
    await (this.#held ? new Promise<void>(resolve => this.#held?.push(resolve)) : Promise.resolve());
    this.#atOnce -= 1;
    if (this.isAway) throw new ParleyError('HISTORY_UNAVAILABLE');
    return what;
  }
}

function reply(name: string): object {
  return name === 'listMessages' ? { messages: [] } : { conversation: { mode: 'ai' } };
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
afterEach(() => void vi.useRealTimers());

test('however slowly history answers, feeds that are behind ask it a few at a time, and each once', async () => {
  const sources = new CountedSources({ live: false });
  await sources.followAll();
  sources.hold();
  sources.reconnected();
  expect(sources.hub.behind).toBe(CONVERSATIONS);
  vi.advanceTimersByTime(A_WHILE_MS);
  sources.reconnected();
  vi.advanceTimersByTime(A_WHILE_MS);
  sources.release();
  vi.useRealTimers();
  await waitFor(() => sources.hub.behind === 0, { what: 'all to catch up' });
  expect(sources.mostAtOnce).toBeLessThanOrEqual(16);
  // Those that were being read at the second gap are read again, and no others.
  expect(sources.calls.get('getConversation')).toBeLessThanOrEqual(CONVERSATIONS + 16);
  sources.hub.stop();
});

test('feeds that are quiet are looked at a few at a time, and not again while they are', async () => {
  const sources = new CountedSources({ live: true });
  await sources.followAll();
  sources.hold();
  vi.advanceTimersByTime(A_WHILE_MS);
  sources.release();
  await vi.waitFor(() => expect(sources.calls.get('read')).toBe(CONVERSATIONS));
  expect(sources.mostAtOnce).toBeLessThanOrEqual(16);
  sources.hub.stop();
});

test('an outage is one line in the log for each pass, however many feeds it keeps back', async () => {
  const sources = new CountedSources({ live: false });
  await sources.followAll();
  sources.isAway = true;
  sources.reconnected();
  await vi.waitFor(() => expect(sources.warnings).toMatchObject([{ failed: CONVERSATIONS }]));
  expect(sources.hub.behind).toBe(CONVERSATIONS);
  sources.isAway = false;
  vi.advanceTimersByTime(A_WHILE_MS);
  await vi.waitFor(() => expect(sources.hub.behind).toBe(0));
  expect(sources.warnings).toHaveLength(1);
  sources.hub.stop();
});

test('a feed that hears of an answer to a message that it has not told catches up, alone', async () => {
  const sources = new CountedSources({ live: false });
  await sources.followAll();
  const [id, conversationId, at] = ['a_1', `c_${CONVERSATIONS - 1}`, new Date(0).toISOString()];
  const message = {
    ...{ id, conversationId, seq: 2, role: 'assistant', content: 'So', status: 'complete' },
    ...{ epoch: 1, replyTo: 'm_1', createdAt: at, updatedAt: at },
  };
  sources.hear({ type: 'answer.stored', message });
  expect(sources.hub.behind).toBe(1);
  await vi.waitFor(() => expect(sources.hub.behind).toBe(0));
  expect(sources.calls.get('getConversation')).toBe(1);
  sources.hub.stop();
});
