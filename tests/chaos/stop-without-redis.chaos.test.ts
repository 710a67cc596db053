import { randomUUID } from 'node:crypto';
import { setTimeout as lasting } from 'node:timers/promises';
import { createParleyClient, memoryStorage, type ParleyClient } from '@parley/client';
import type { ParleyError } from '@parley/contracts';
import { Cluster, OwnedRedis, ScriptedProvider, answer, pieces, waitFor } from '@parley/testkit';
import { describe, expect, test } from 'vitest';
import { nativeClient, shownText } from '../e2e/clients/native-client.ts';

const WORDS = Array.from({ length: 400 }, (_, index) => `word-${index} 👋 `);
const BLIP_MS = 1_500;
const PATIENCE_MS = 30_000;

/** Stops, and again if that is refused, when it may be tried again; a refusal for good fails. */
async function stopPersistently(client: ParleyClient, answerId: string): Promise<void> {
  const taken = async (): Promise<boolean> => {
    try {
      await client.stop(answerId);
      return true;
    } catch (error) {
      expect(error).toMatchObject({ code: 'BUSY', retryAfterMs: expect.any(Number) as number });
      await lasting((error as ParleyError).retryAfterMs);
      return false;
    }
  };
  await waitFor(taken, { what: 'the stop to be taken', deadlineMs: PATIENCE_MS });
}

describe.concurrent('stop in mid-stream while Redis is away for a moment', () => {
  test.each(['hung', 'killed'] as const)('%s: the answer ends there, once, for everybody', async how => {
    await using provider = await ScriptedProvider.start();
    await using redis = await OwnedRedis.start({ appendOnly: true });
    await using cluster = await Cluster.start({ gateways: 2, workers: 2, provider, redis });
    const [urlA, urlB] = cluster.gateways.map(({ url }) => url) as [string, string];
    provider.script(answer('Still here'));
    provider.scriptNext(pieces(WORDS, { everyMs: 50 }));
    const conversationId = randomUUID();
    using watcher = await nativeClient(urlB);
    await watcher.ask('resume', { conversationId });
    const visitor = createParleyClient({ url: urlA, conversationId, storage: memoryStorage() });
    using _closed = { [Symbol.dispose]: () => visitor.close() };
    const transcript = () => visitor.getSnapshot().transcript;
    visitor.start();
    visitor.send('Go');
    const { answerId } = await waitFor(() => transcript().answers.find(({ text }) => text !== ''), {
      what: 'the first piece',
      deadlineMs: PATIENCE_MS,
    });

    if (how === 'killed') await redis.kill();
    else redis.pause();
    const away = lasting(BLIP_MS);
    const stopping = stopPersistently(visitor, answerId);
    visitor.send('And now?');
    await away;
    if (how === 'killed') await redis.restart();
    else redis.resume();
    await stopping;

    const isAnswered = (): boolean => transcript().messages.at(-1)?.content === 'Still here';
    await waitFor(isAnswered, { what: 'the next answer', deadlineMs: PATIENCE_MS });
    const { messages, answers, outgoing } = transcript();
    const [, partial] = messages;
    const kept = partial?.content ?? '';
    expect(messages).toMatchObject([
      { role: 'user', content: 'Go' },
      { id: answerId, status: 'stopped' },
      { role: 'user', content: 'And now?' },
      { status: 'complete', content: 'Still here' },
    ]);
    expect([...answers, ...outgoing]).toEqual([]);
    expect(kept).not.toBe('');
    expect(WORDS.join('').startsWith(kept)).toBe(true);
    expect(kept.length).toBeLessThan(WORDS.join('').length);

    await watcher.until('answer-ended', ({ content }) => content === 'Still here');
    const told = watcher.all('answer-ended');
    expect(told).toMatchObject([
      { id: answerId, status: 'stopped', content: kept },
      { content: 'Still here' },
    ]);
    const resumed = await watcher.ask('resume', { conversationId });
    expect(resumed.messages).toMatchObject(
      messages.map(({ id, content, status }) => ({ id, content, status })),
    );
    expect(provider.requests.map(({ prompt, state }) => [prompt, state])).toEqual([
      ['Go', 'aborted'],
      ['And now?', 'answered'],
    ]);
    expect(kept.startsWith(shownText(watcher, answerId))).toBe(true);
  });
});
