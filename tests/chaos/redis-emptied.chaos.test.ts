import { randomUUID } from 'node:crypto';
import { redisNames } from '@parley/contracts';
import { Cluster, ScriptedProvider, answer, pieces, waitFor } from '@parley/testkit';
import { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import { nativeClient, send, shownText } from '../e2e/clients/native-client.ts';
import type { RecordingClient } from '../e2e/clients/recording-client.ts';
import { call } from '../e2e/clients/rest-client.ts';

const REPLY = 'An answer that was nearly lost.';

interface Question extends Disposable {
  readonly conversationId: string;
  readonly prompt: string;
  readonly client: RecordingClient;
}

async function ask(url: string, prompt: string): Promise<Question> {
  const conversationId = randomUUID();
  const client = await nativeClient(url);
  expect(await send(client, conversationId, prompt)).toMatchObject({ ok: true });
  return {
    ...{ conversationId, prompt, client },
    [Symbol.dispose]: () => {
      client[Symbol.dispose]();
    },
  };
}

/** Its client is told the whole answer, once, and that is what is stored. */
async function expectAnsweredOnce(url: string, { conversationId, prompt, client }: Question): Promise<void> {
  const ended = await client.until('answer-ended', () => true, 60_000);
  expect(ended).toMatchObject({ status: 'complete', content: REPLY });
  expect(REPLY.startsWith(shownText(client, ended.id))).toBe(true);
  const { body } = await call(url, `/api/conversations/${conversationId}`);
  expect(body.messages.map(({ content }: { content: string }) => content)).toEqual([prompt, REPLY]);
  expect(client.all('answer-ended')).toHaveLength(1);
}

describe.concurrent('Redis emptied while jobs are in it', () => {
  test('answers that wait for a worker: the sweeper brings them back, each is answered once', async () => {
    await using provider = await ScriptedProvider.start();
    provider.script(answer(REPLY));
    await using cluster = await Cluster.start({ workers: 0, provider });
    const url = cluster.gateways[0]?.url ?? '';
    using asked = new DisposableStack();
    const questions: Question[] = [];
    for (const prompt of ['One?', 'Two?', 'Three?']) questions.push(asked.use(await ask(url, prompt)));
    await empty(cluster.redis.url, 'answers', questions.length);
    await cluster.addWorker();
    for (const question of questions) await expectAnsweredOnce(url, question);
    expect(provider.requests.map(({ prompt }) => prompt).toSorted()).toEqual(['One?', 'Three?', 'Two?']);
  });

  test('an answer that is being written for longer than the sweeper waits: it stays with its worker', async () => {
    await using provider = await ScriptedProvider.start();
    const words = REPLY.split(/(?<= )/);
    provider.script(pieces(words, { everyMs: 800 }));
    const env = { SWEEP_AFTER_MS: '0', SWEEP_INTERVAL_MS: '20' };
    await using cluster = await Cluster.start({ provider, env });
    const url = cluster.gateways[0]?.url ?? '';
    using question = await ask(url, 'One?');
    await question.client.until('answer-piece');
    await flush(cluster.redis.url);
    await expectAnsweredOnce(url, question);
    expect(await question.client.until('answer-ended')).toMatchObject({ epoch: 1 });
    expect(provider.requests).toHaveLength(1);
  });

  test('an ended answer that waits to be stored: it is produced once more, and stored once', async () => {
    await using provider = await ScriptedProvider.start();
    provider.script(answer(REPLY));
    await using cluster = await Cluster.start({ provider });
    const url = cluster.gateways[0]?.url ?? '';
    provider.scriptNext(answer(REPLY, { firstAfterMs: 500 }));
    using question = await ask(url, 'One?');
    await provider.waitFor(requests => requests.length === 1);
    await cluster.histories[0]?.kill();
    await empty(cluster.redis.url, 'history', 1);
    await cluster.histories[0]?.restart();
    await expectAnsweredOnce(url, question);
    expect(provider.requests).toHaveLength(2);
  });
});

/** FLUSHALL, once so many jobs wait in the queue. */
async function empty(redisUrl: string, queue: keyof typeof redisNames.queues, jobs: number): Promise<void> {
  const redis = new Redis(redisUrl);
  const names = `${redisNames.queuePrefix}:${redisNames.queues[queue]}`;
  const waiting = async (): Promise<number> =>
    (await redis.llen(`${names}:wait`)) + (await redis.zcard(`${names}:prioritized`));
  await waitFor(async () => (await waiting()) === jobs, {
    what: `${jobs} jobs to wait in the queue ${queue}`,
    deadlineMs: 20_000,
  });
  await redis.quit();
  await flush(redisUrl);
}

async function flush(redisUrl: string): Promise<void> {
  const redis = new Redis(redisUrl);
  await redis.flushall();
  await redis.quit();
}
