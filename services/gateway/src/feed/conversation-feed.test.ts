import { ParleyError, type Message } from '@parley/contracts';
import type { AnswerSnapshot, HistoryClient } from '@parley/platform';
import { createLogger } from '@parley/platform';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConversationFeed } from './conversation-feed.ts';

const conversationId = 'c_1';
const answerId = 'a_1';
const at = new Date(0).toISOString();

const said = (seq: number, id = `m_${seq}`): Message => ({
  ...{ id, conversationId, seq, role: 'user', content: id, status: 'complete', createdAt: at, updatedAt: at },
});
const answer: Message = {
  ...said(2, answerId),
  role: 'assistant',
  content: 'whole',
  epoch: 1,
  replyTo: 'm_1',
};

/** What a feed reads and hears, and how long each takes on its way; in a test all of it is slower or faster at will. */
class World {
  log: AnswerSnapshot | undefined = { epoch: 1, state: 'streaming', text: 'who' };
  messages: Message[] = [said(1)];
  isDeleted = false;
  readonly told: string[] = [];
  readonly calls: string[] = [];
  missed = 0;
  readonly #onTheWay: () => Promise<void>;
  #hear: (payload: string) => void = () => undefined;
  readonly feed: ConversationFeed;

  constructor(onTheWay: () => Promise<void> = () => Promise.resolve()) {
    this.#onTheWay = onTheWay;
    this.feed = new ConversationFeed(conversationId, {
      subscriber: {
        subscribe: (_channel, listener) => {
          this.#hear = listener;
          return Promise.resolve();
        },
        unsubscribe: () => Promise.resolve(),
      },
      answerLog: {
        live: () => this.#read(() => (this.log && this.log.state !== 'stored' ? [answerId] : [])),
        read: () => this.#read(() => this.log),
      },
      history: {
        call: ((name: string, request: object) => this.#call(name, request)) as HistoryClient['call'],
      },
      listeners: [
        {
          answerStarted: () => void this.told.push('started'),
          answerPiece: () => void this.told.push('piece'),
          answerStored: ({ status }) => void this.told.push(`ended: ${status}`),
          messageStored: ({ id }) => void this.told.push(id),
          conversationDeleted: () => void this.told.push('deleted'),
          feedClosed: () => void this.told.push('closed'),
        },
      ],
      onMissed: () => (this.missed += 1),
      log: createLogger({ service: 'test', level: 'silent' }),
      now: () => 0,
    });
  }

  hear(frame: object): void {
    this.#hear(JSON.stringify(frame));
  }

  /** What becomes of the answer, one step after the other; `hears` tells which frames arrive. */
  *answerEnds(hears: { piece: boolean; stored: boolean }): Generator<void> {
    this.log = { epoch: 1, state: 'finished', text: 'whole' };
    yield;
    if (hears.piece)
      this.hear({ type: 'answer.delta', conversationId, answerId, epoch: 1, offset: 3, text: 'le' });
    yield;
    this.messages = [said(1), answer];
    yield;
    this.log = { epoch: 1, state: 'stored', text: 'whole' };
    yield;
    if (hears.stored) this.hear({ type: 'answer.stored', message: answer });
  }

  /** The world as it is at one moment between question and reply. */
  async #read<T>(look: () => T): Promise<T> {
    await this.#onTheWay();
    const seen = look();
    await this.#onTheWay();
    return seen;
  }

  async #call(
    name: string,
    { beforeSeq = Infinity, limit = 0 }: { beforeSeq?: number; limit?: number },
  ): Promise<object> {
    this.calls.push(name);
    const reply = await this.#read(() => ({ messages: this.messages, isDeleted: this.isDeleted }));
    if (name === 'listMessages')
      return { messages: reply.messages.filter(({ seq }) => seq < beforeSeq).slice(-limit) };
    if (name === 'getConversation') {
      if (reply.isDeleted) throw new ParleyError('CONVERSATION_NOT_FOUND');
      return { conversation: { id: conversationId, mode: 'ai' } };
    }
    if (reply.isDeleted) throw new ParleyError('NOT_FOUND');
    const message = reply.messages.find(({ id }) => id === answerId);
    return { message: message ?? { ...answer, status: 'streaming' } };
  }
}

test('an answer that was seen under way ends once, in whatever order its log, its record and its frames are seen', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.record({ piece: fc.boolean(), stored: fc.boolean() }),
      async (scheduler, hears) => {
        const world = new World(() => scheduler.schedule(Promise.resolve()));
        const ends = world.answerEnds(hears);
        const steps = Array.from({ length: 5 }, (_, step) => async () => {
          await Promise.resolve(step);
          ends.next();
        });
        const { task } = scheduler.scheduleSequence(steps);
        await scheduler.waitFor(Promise.all([task, world.feed.open()]));
        // What follows when nothing is heard for a while, and when the connection was away.
        await scheduler.waitFor(world.feed.repair());
        await scheduler.waitFor(world.feed.catchUp());
        expect(world.feed.live).toEqual([]);
        const ended = world.told.filter(what => what === 'ended: complete');
        if (world.told.includes('started')) expect(ended).toHaveLength(1);
        expect(ended.length).toBeLessThanOrEqual(1);
        if (ended.length > 0) expect(world.told.at(-1)).toBe('ended: complete');
      },
    ),
  );
});

test('an answer that is read from its log and from history at the same moment ends when its frame comes', async () => {
  const world = new World();
  world.log = { epoch: 1, state: 'finished', text: 'whole' };
  world.messages = [said(1), answer];
  // The log is read at once, history later.
  await world.feed.repair();
  await world.feed.open();
  world.log = { ...world.log, state: 'stored' };
  world.hear({ type: 'answer.stored', message: answer });
  expect(world.told).toEqual(['started', 'piece', 'ended: complete']);
  expect(world.feed.live).toEqual([]);
});

test.each(['a reconnect', 'a quiet while'])(
  'a conversation deleted while an answer was under way is told once, after %s',
  async after => {
    const world = new World();
    await world.feed.open();
    expect(world.feed.live).toHaveLength(1);
    world.isDeleted = true;
    world.messages = [];
    world.log = undefined;
    await (after === 'a reconnect' ? world.feed.catchUp() : world.feed.repair());
    await world.feed.catchUp();
    expect(world.told).toEqual(['started', 'piece', 'deleted']);
    expect(world.feed.live).toEqual([]);
  },
);

test('a conversation whose deletion was heard is not told as deleted again', async () => {
  const world = new World();
  await world.feed.open();
  world.isDeleted = true;
  world.log = undefined;
  world.hear({ type: 'conversation.deleted', conversationId });
  await world.feed.catchUp();
  expect(world.told.filter(what => what === 'deleted')).toHaveLength(1);
});

test('more messages than fit in one reading are told after a gap, and no further back is read than needed', async () => {
  const world = new World();
  world.log = undefined;
  world.messages = Array.from({ length: 50 }, (_, index) => said(index + 1));
  await world.feed.open();
  // While the connection was away 60 were stored, and the last of them is heard before the others are read.
  const missed = Array.from({ length: 60 }, (_, index) => said(index + 51));
  world.messages.push(...missed);
  world.hear({ type: 'message.stored', message: missed.at(-1) });
  world.calls.length = 0;
  await world.feed.catchUp();
  expect(new Set(world.told)).toEqual(new Set(missed.map(({ id }) => id)));
  expect(world.told).toHaveLength(60);
  expect(world.calls.filter(name => name === 'listMessages')).toHaveLength(4);

  world.calls.length = 0;
  await world.feed.catchUp();
  expect(world.told).toHaveLength(60);
  expect(world.calls.filter(name => name === 'listMessages')).toHaveLength(1);
});

test('an answer to a message that was not told shows that something was missed; others do not', async () => {
  const world = new World();
  world.log = undefined;
  await world.feed.open();
  world.hear({ type: 'answer.stored', message: answer });
  expect(world.missed).toBe(0);
  const further: Message = { ...answer, id: 'a_3', seq: 4, replyTo: 'm_3' };
  world.messages.push(answer, said(3), further);
  world.hear({ type: 'answer.stored', message: further });
  world.hear({ type: 'answer.stored', message: further });
  expect(world.missed).toBe(1);
  await world.feed.catchUp();
  expect(world.told).toEqual(['ended: complete', 'ended: complete', 'm_3']);
  expect(world.missed).toBe(1);
});

test('a message that was told as superseded is not told again by a frame that comes late', async () => {
  const world = new World();
  world.log = undefined;
  await world.feed.open();
  world.messages = [said(1), { ...said(3), status: 'superseded' }];
  await world.feed.catchUp();
  world.hear({ type: 'message.stored', message: said(3) });
  expect(world.told).toEqual(['m_3']);
});

test('whatever is still read once a feed is closed is told to nobody', async () => {
  const world = new World();
  world.messages = [];
  const opening = world.feed.open();
  await world.feed.close();
  await opening;
  world.messages = [said(1)];
  await world.feed.catchUp();
  expect(world.told).toEqual(['closed']);
});
