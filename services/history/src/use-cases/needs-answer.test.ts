import type { HistoryParsedRequest } from '@parley/contracts';
import { expect, onTestFinished, test } from 'vitest';
import { openStore } from '../store/open-store.ts';
import { needsAnswer } from './needs-answer.ts';

const conversationId = 'c';

/** A conversation whose message `k` has an answer, which has been asked for once more with `r`. */
async function world() {
  const store = openStore({ url: 'memory:', clock: () => new Date(), onFailure: () => undefined });
  await store.start();
  onTestFinished(() => store.close());
  const { message, answer } = await store.appendTurn({
    conversationId,
    clientMessageId: 'k',
    content: 'Why?',
  });
  await store.addAnswer({ conversationId, clientMessageId: 'r', replyTo: message.id });
  const answerId = answer?.id ?? '';
  const isNeeded = async (asked: Partial<HistoryParsedRequest<'needsAnswer'>>): Promise<boolean> =>
    (await needsAnswer({ store })({ conversationId, clientMessageId: 'new', ...asked })).needed;
  return { store, answerId, isNeeded };
}

test('what is not stored yet needs an answer, also in a conversation that does not exist', async () => {
  const { answerId, isNeeded } = await world();
  expect(await isNeeded({})).toBe(true);
  expect(await isNeeded({ answerId })).toBe(true);
  expect(await isNeeded({ conversationId: 'unknown', clientMessageId: 'k' })).toBe(true);
});

test('a message or a retry that is repeated does not', async () => {
  const { answerId, isNeeded } = await world();
  expect(await isNeeded({ clientMessageId: 'k' })).toBe(false);
  expect(await isNeeded({ clientMessageId: 'r', answerId })).toBe(false);
  // The key of a retry is not that of a message.
  expect(await isNeeded({ clientMessageId: 'r' })).toBe(true);
});

test('what a person answers does not', async () => {
  const { store, answerId, isNeeded } = await world();
  await store.updateConversation(conversationId, { mode: 'human' });
  expect(await isNeeded({})).toBe(false);
  expect(await isNeeded({ answerId })).toBe(false);
});
