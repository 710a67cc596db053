import { randomUUID } from 'node:crypto';
import { expect, inject, test } from 'vitest';
import { holdInsertOf } from './held-insert.ts';
import { answerOf, newId, startHistory, startRedis, type RunningHistory } from './running-history.ts';

const server = inject('mongoUri');

const interrupt = ({ client }: RunningHistory, conversationId: string, content: string) =>
  client.call('appendTurn', {
    ...{ conversationId, clientMessageId: randomUUID(), content },
    doubleText: 'interrupt',
  });

async function openAnswers({ client }: RunningHistory, conversationId: string): Promise<string[]> {
  const { messages } = await client.call('listMessages', { conversationId });
  return messages.filter(({ status }) => status === 'pending').map(({ id }) => id);
}

test('of 20 messages at once that interrupt each other the newest is answered', async () => {
  const history = await startHistory(await startRedis());
  const conversationId = newId();
  const sends = Array.from({ length: 20 }, (_, n) => interrupt(history, conversationId, `${n}?`));
  const answers = (await Promise.all(sends)).map(answerOf).toSorted((a, b) => a.seq - b.seq);
  expect(await openAnswers(history, conversationId)).toEqual([answers.at(-1)?.id]);
});

test.skipIf(server === null)(
  'MongoDB: nor is a message answered that was first, but comes to be stored behind one that interrupts it',
  async () => {
    const { slow, quick, held, release } = await holdInsertOf('First?', await startRedis(), server ?? '');
    const conversationId = newId();
    const first = interrupt(slow, conversationId, 'First?');
    await held;
    const second = answerOf(await interrupt(quick, conversationId, 'Second?'));
    release();
    expect(answerOf(await first).seq).toBeLessThan(second.seq);
    expect(await openAnswers(quick, conversationId)).toEqual([second.id]);
  },
);
