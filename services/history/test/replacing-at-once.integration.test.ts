import { randomUUID } from 'node:crypto';
import { expect, inject, test } from 'vitest';
import { holdInsertOf } from './held-insert.ts';
import { answerOf, newId, startHistory, startRedis, type RunningHistory } from './running-history.ts';

const server = inject('mongoUri');

const say = ({ client }: RunningHistory, conversationId: string, content: string, replaces?: string) =>
  client.call('appendTurn', { conversationId, clientMessageId: randomUUID(), content, replaces });

/** What is part of the conversation: nothing superseded. */
async function standing({ client }: RunningHistory, conversationId: string): Promise<string[]> {
  const { messages } = await client.call('listMessages', { conversationId });
  return messages.filter(({ status }) => status !== 'superseded').map(({ id }) => id);
}

test('of 20 edits of one message at once the newest stands', async () => {
  const history = await startHistory(await startRedis());
  const conversationId = newId();
  const { message } = await say(history, conversationId, 'Tow?');
  const edits = await Promise.allSettled(
    Array.from({ length: 20 }, (_, n) => say(history, conversationId, `${n}?`, message.id)),
  );
  const turns = edits.flatMap(edit => (edit.status === 'fulfilled' ? [edit.value] : []));
  const newest = turns.toSorted((a, b) => a.message.seq - b.message.seq).at(-1);
  expect(await standing(history, conversationId)).toEqual([newest?.message.id, newest?.answer?.id]);
});

test.skipIf(server === null)(
  'MongoDB: nor does an edit stand that was first, but comes to be stored behind another one',
  async () => {
    const { slow, quick, held, release } = await holdInsertOf('First?', await startRedis(), server ?? '');
    const conversationId = newId();
    const { message } = await say(quick, conversationId, 'Tow?');
    const first = say(slow, conversationId, 'First?', message.id);
    await held;
    const second = await say(quick, conversationId, 'Second?', message.id);
    release();
    expect(answerOf(await first).seq).toBeLessThan(second.message.seq);
    expect(await standing(quick, conversationId)).toEqual([second.message.id, answerOf(second).id]);
  },
);

test.skipIf(server === null)(
  'MongoDB: nor is there a second answer if one was asked for first, but comes to be stored behind another one',
  async () => {
    const { slow, quick, held, release } = await holdInsertOf('replyTo', await startRedis(), server ?? '');
    const conversationId = newId();
    const turn = await say(quick, conversationId, 'Why?');
    const old = { conversationId, answerId: answerOf(turn).id };
    await quick.client.call('endAnswer', { ...old, as: 'stopped' });
    const retry = ({ client }: RunningHistory) =>
      client.call('retryAnswer', { ...old, clientMessageId: randomUUID() });
    const first = retry(slow);
    await held;
    const second = await retry(quick);
    release();
    expect((await first).answer.seq).toBeLessThan(second.answer.seq);
    expect(await standing(quick, conversationId)).toEqual([turn.message.id, second.answer.id]);
  },
);
