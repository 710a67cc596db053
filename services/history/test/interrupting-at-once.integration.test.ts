import { randomUUID } from 'node:crypto';
import { createConnection } from 'mongoose';
import { expect, inject, onTestFinished, test } from 'vitest';
import { MongoProxy } from './mongo-proxy.ts';
import { answerOf, newId, startHistory, startRedis, type RunningHistory } from './running-history.ts';

const server = inject('mongoUri');

/** A database of its own for the test that calls it. */
async function mongoDatabase(): Promise<string> {
  const pathname = `/parley_${randomUUID().replaceAll('-', '')}`;
  const { href } = Object.assign(new URL(server ?? ''), { pathname });
  const raw = await createConnection(href).asPromise();
  onTestFinished(async () => {
    await raw.dropDatabase();
    await raw.close();
  });
  return href;
}

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
    const redis = await startRedis();
    const database = await mongoDatabase();
    const storing = Promise.withResolvers<undefined>();
    const mayBeStored = Promise.withResolvers<true>();
    const proxy = await MongoProxy.start(database, message => {
      if (!message.includes('insert\0') || !message.includes('First?')) return true;
      storing.resolve(undefined);
      return mayBeStored.promise;
    });
    onTestFinished(() => proxy.stop());
    const slow = await startHistory(redis, { DATABASE_URL: proxy.uri });
    const quick = await startHistory(redis, { DATABASE_URL: database });
    const conversationId = newId();
    const first = interrupt(slow, conversationId, 'First?');
    await storing.promise;
    const second = answerOf(await interrupt(quick, conversationId, 'Second?'));
    mayBeStored.resolve(true);
    expect(answerOf(await first).seq).toBeLessThan(second.seq);
    expect(await openAnswers(quick, conversationId)).toEqual([second.id]);
  },
);
