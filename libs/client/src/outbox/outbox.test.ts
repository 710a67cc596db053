import { ERRORS, type ErrorBody } from '@parley/contracts';
import { expect, test } from 'vitest';
import { FakeMachine, settled } from '../../test/fake-machine.ts';
import type { Outcome } from '../connection/native-calls.ts';
import { CarefulStorage } from '../storage/careful-storage.ts';
import { memoryStorage, type KeyValueStorage } from '../storage/key-value-storage.ts';
import { Outbox } from './outbox.ts';
import type { OutgoingMessage } from './outgoing-message.ts';
import { StoredOutbox } from './stored-outbox.ts';

const message = (clientMessageId: string): OutgoingMessage => ({
  kind: 'outgoing',
  clientMessageId,
  conversationId: 'c-1',
  role: 'user',
  content: `text of ${clientMessageId}`,
  createdAt: '2026-01-01T00:00:00.000Z',
  status: 'sending',
});
const done: Outcome<unknown> = { kind: 'done', reply: {} };
const refused = (code: ErrorBody['code'], retryAfterMs?: number): Outcome<unknown> => ({
  kind: 'refused',
  error: { code, message: ERRORS[code].message, ...(retryAfterMs !== undefined && { retryAfterMs }) },
});

/** An outbox whose deliveries the test answers, and the storage that it leaves behind. */
function set(storage: KeyValueStorage = memoryStorage()) {
  const machine = new FakeMachine(storage);
  const stored = new StoredOutbox(new CarefulStorage(storage), 'outbox');
  const delivered: string[] = [];
  const answers: ((outcome: Outcome<unknown>) => void)[] = [];
  const storedAtDelivery: string[][] = [];
  let shown: readonly OutgoingMessage[] = [];
  const ids = async (): Promise<string[]> =>
    (await stored.read()).map(({ clientMessageId }) => clientMessageId);
  const outbox = new Outbox({
    ...machine.environment,
    stored,
    deliver: async ({ clientMessageId }) => {
      delivered.push(clientMessageId);
      storedAtDelivery.push(await ids());
      return new Promise(answer => answers.push(answer));
    },
    onChange: messages => {
      shown = messages;
    },
  });
  const answer = async (outcome: Outcome<unknown>): Promise<void> => {
    await settled();
    answers.at(-1)?.(outcome);
    await settled();
  };
  return { outbox, machine, delivered, answer, ids, storedAtDelivery, shown: () => shown };
}

test('a message is stored before it is sent, and until it is acknowledged', async () => {
  const { outbox, answer, ids, storedAtDelivery, shown } = set();
  outbox.open();
  outbox.add(message('a'));
  await settled();
  expect(storedAtDelivery).toEqual([['a']]);
  expect(shown()).toEqual([message('a')]);
  await answer(done);
  expect(await ids()).toEqual([]);
  expect(shown()).toEqual([]);
});

test('messages are sent in order, one at a time', async () => {
  const { outbox, delivered, answer } = set();
  for (const id of ['a', 'b', 'c']) outbox.add(message(id));
  expect(delivered).toEqual([]);
  outbox.open();
  await settled();
  expect(delivered).toEqual(['a']);
  await answer(done);
  expect(delivered).toEqual(['a', 'b']);
  await answer(done);
  await answer(done);
  expect(delivered).toEqual(['a', 'b', 'c']);
});

test('what was not answered is sent again over the next connection, before what came later', async () => {
  const { outbox, delivered, answer } = set();
  outbox.open();
  outbox.add(message('a'));
  await settled();
  outbox.add(message('b'));
  outbox.pause();
  await answer({ kind: 'unanswered' });
  expect(delivered).toEqual(['a']);
  outbox.open();
  await answer(done);
  await answer(done);
  expect(delivered).toEqual(['a', 'a', 'b']);
});

test('an acknowledgement that comes after the pause counts', async () => {
  const { outbox, delivered, answer, shown } = set();
  outbox.open();
  outbox.add(message('a'));
  await settled();
  outbox.pause();
  await answer(done);
  outbox.open();
  await settled();
  expect(delivered).toEqual(['a']);
  expect(shown()).toEqual([]);
});

test.each(['BUSY', 'HISTORY_UNAVAILABLE', 'RATE_LIMIT_EXCEEDED'] as const)(
  '%s is tried again after the time that the server says, and what follows waits',
  async code => {
    const { outbox, machine, delivered, answer, shown } = set();
    outbox.open();
    outbox.add(message('a'));
    outbox.add(message('b'));
    await answer(refused(code, 4_000));
    const error = { code, message: ERRORS[code].message, retryAfterMs: 4_000 };
    const [timer] = machine.timers;
    expect(shown()).toEqual([{ ...message('a'), error, retryAt: timer?.at }, message('b')]);
    await machine.pass(3_999);
    expect(delivered).toEqual(['a']);
    await machine.pass(1_000);
    expect(delivered).toEqual(['a', 'a']);
    expect(shown()).toEqual([message('a'), message('b')]);
    await answer(done);
    expect(delivered).toEqual(['a', 'a', 'b']);
  },
);

test('what waits to be tried again is sent at once over a new connection, and nobody is told to wait for it any more', async () => {
  const { outbox, machine, delivered, answer, shown } = set();
  outbox.open();
  outbox.add(message('a'));
  await answer(refused('BUSY', 4_000));
  outbox.pause();
  expect(shown()).toEqual([message('a')]);
  expect(machine.timers.size).toBe(0);
  outbox.open();
  await settled();
  expect(delivered).toEqual(['a', 'a']);
});

test.each([
  ['while the first is being answered', 'ANSWER_IN_PROGRESS', 1_000],
  ['for the rest of the day', 'BUDGET_SPENT', 30_000],
] as const)(
  'where a message is rejected %s, it fails and is not sent again by itself',
  async (_, code, ms) => {
    const { outbox, machine, delivered, answer, shown } = set();
    outbox.open();
    outbox.add(message('a'));
    await answer(refused(code, ms));
    await machine.pass(60_000);
    expect(delivered).toEqual(['a']);
    expect(shown()).toMatchObject([{ status: 'failed', error: { code } }]);
    outbox.retry('a');
    await answer(done);
    expect(delivered).toEqual(['a', 'a']);
    expect(shown()).toEqual([]);
  },
);

test('any other refusal makes a message fail, also for the next page, and the next one is sent', async () => {
  const storage = memoryStorage();
  const { outbox, delivered, answer, shown } = set(storage);
  outbox.open();
  outbox.add(message('a'));
  outbox.add(message('b'));
  await answer(refused('MESSAGE_TOO_LONG'));
  expect(delivered).toEqual(['a', 'b']);
  const failed = {
    ...message('a'),
    status: 'failed',
    error: { code: 'MESSAGE_TOO_LONG', message: expect.any(String) as string },
  };
  expect(shown()).toEqual([failed, message('b')]);

  const next = set(storage);
  await next.outbox.load();
  expect(next.shown()).toEqual([failed, message('b')]);
});

test('a failed message can be sent after all, or given up', async () => {
  const { outbox, delivered, answer, ids, shown } = set();
  outbox.open();
  outbox.add(message('a'));
  await answer(refused('INVALID_REQUEST'));
  outbox.retry('a');
  await answer(refused('INVALID_REQUEST'));
  expect(delivered).toEqual(['a', 'a']);
  outbox.discard('a');
  await settled();
  expect(shown()).toEqual([]);
  expect(await ids()).toEqual([]);
});

test('a reload finds what was not acknowledged, in order, and sends it under the same ids', async () => {
  const storage = memoryStorage();
  const before = set(storage);
  before.outbox.add(message('a'));
  before.outbox.add(message('b'));
  await settled();
  const { outbox, delivered, answer } = set(storage);
  outbox.add(message('c'));
  await outbox.load();
  outbox.open();
  for (let sent = 0; sent < 3; sent++) await answer(done);
  expect(delivered).toEqual(['a', 'b', 'c']);
});

test('tabs that share a storage do not lose each other’s messages', async () => {
  const storage = memoryStorage();
  const [here, there] = [set(storage), set(storage)];
  here.outbox.add(message('a'));
  there.outbox.add(message('b'));
  await settled();
  expect(await here.ids()).toEqual(['a', 'b']);
  there.outbox.discard('b');
  await settled();
  expect(await here.ids()).toEqual(['a']);
});

test('what one tab gives up is not sent by another that has loaded it', async () => {
  const storage = memoryStorage();
  const here = set(storage);
  here.outbox.add(message('a'));
  here.outbox.add(message('b'));
  await settled();
  const there = set(storage);
  await there.outbox.load();
  here.outbox.discard('a');
  await settled();
  there.outbox.open();
  await there.answer(done);
  expect(there.delivered).toEqual(['b']);
  expect(there.shown()).toEqual([]);
});

test('a storage that loses everything loses nobody a message', async () => {
  const storage = memoryStorage();
  const { outbox, delivered, answer } = set(storage);
  outbox.add(message('a'));
  await settled();
  await storage.removeItem('parley:outbox');
  outbox.open();
  await answer(done);
  expect(delivered).toEqual(['a']);
});

test('holds a hundred messages and no more', () => {
  const { outbox, shown } = set();
  for (let count = 0; count < 100; count++) outbox.add(message(`m${count}`));
  expect(() => outbox.add(message('one more'))).toThrow('Too many messages');
  expect(shown()).toHaveLength(100);
});

test('a storage that fails or holds rubbish costs nothing but what a reload would have kept', async () => {
  const broken: KeyValueStorage = {
    getItem: () => Promise.reject(new Error('damaged')),
    setItem: () => {
      throw new Error('full');
    },
    removeItem: () => undefined,
  };
  const rubbish = memoryStorage();
  await rubbish.setItem('parley:outbox', '[{"kind":"outgoing"},3,null]');
  for (const storage of [broken, rubbish]) {
    const { outbox, delivered, answer, shown } = set(storage);
    await outbox.load();
    outbox.open();
    outbox.add(message('a'));
    await answer(done);
    expect(delivered).toEqual(['a']);
    expect(shown()).toEqual([]);
  }
});
