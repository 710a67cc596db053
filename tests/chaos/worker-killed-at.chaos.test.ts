import { redisNames } from '@parley/contracts';
import { holdAfter, pieces, waitFor } from '@parley/testkit';
import { describe, expect, test } from 'vitest';
import { shownText } from '../e2e/clients/native-client.ts';
import { HaltingLink } from './halting-link.ts';
import { WorkerKillWorld } from './worker-kill-world.ts';

const WORDS = Array.from({ length: 10 }, (_, index) => `word-${index} 👋 `);
const TEXT = WORDS.join('');
const DEADLINE_MS = 20_000;

describe.concurrent('a worker killed', () => {
  test.each([
    ['before the first piece', 0],
    ['nine tenths through', WORDS.length - 1],
    ['behind the last piece, before the provider has said that it was the last', WORDS.length],
  ])('%s: another one asks once more, and the answer is whole', async (_when, piecesBefore) => {
    await using world = await WorkerKillWorld.start();
    world.provider.script(pieces(WORDS));
    world.provider.scriptNext(pieces(WORDS, { faults: [holdAfter(piecesBefore)] }));
    using question = await world.ask('Count');
    const before = WORDS.slice(0, piecesBefore).join('');
    await world.provider.waitFor(requests => requests.some(({ held }) => held), DEADLINE_MS);
    await waitFor(() => shownText(question.client, question.answerId) === before, {
      what: 'the text so far',
      deadlineMs: DEADLINE_MS,
    });
    await world.killAsker();
    await world.expectEnd(question, { status: 'complete', content: TEXT, epoch: 2 });
    expect(shownText(question.client, question.answerId)).toBe(TEXT);
    expect(world.runs('Count')).toBe(2);
  });

  test('between the end of the text and its handing over: another one hands it over and asks nobody', async () => {
    await using world = await WorkerKillWorld.start(0);
    await using link = await HaltingLink.start(world.cluster.redis.port, '"status":"complete"');
    const doomed = await world.cluster.addWorker({ REDIS_URL: `redis://127.0.0.1:${link.port}` });
    world.provider.script(pieces(WORDS));
    using question = await world.ask('Count');
    await waitFor(() => link.isDead, { what: 'the answer to be whole', deadlineMs: DEADLINE_MS });
    await waitFor(async () => (await world.logState(question)) === 'finished', { what: 'the log to say so' });
    await doomed.kill();
    const { queuePrefix, queues } = redisNames;
    const handedOver = `${queuePrefix}:${queues.history}:${question.answerId}-1`;
    expect(await world.redis.exists(handedOver)).toBe(0);
    expect(question.client.all('answer-ended')).toEqual([]);
    await world.cluster.addWorker();
    await world.expectEnd(question, { status: 'complete', content: TEXT });
    expect(shownText(question.client, question.answerId)).toBe(TEXT);
    expect(world.runs('Count')).toBe(1);
  });

  test('between the end of the text and its storing, while history hangs: it is stored once, and nobody asks again', async () => {
    await using world = await WorkerKillWorld.start();
    world.provider.script(pieces(WORDS, { faults: [holdAfter(1)] }));
    using question = await world.ask('Count');
    await question.client.until('answer-piece');
    const [history] = world.cluster.histories;
    history?.pause();
    world.provider.release();
    await waitFor(async () => (await world.logState(question)) === 'finished', {
      what: 'the answer to be whole',
    });
    await world.killAsker();
    expect(question.client.all('answer-ended')).toEqual([]);
    history?.resume();
    await world.expectEnd(question, { status: 'complete', content: TEXT });
    expect(shownText(question.client, question.answerId)).toBe(TEXT);
    expect(world.runs('Count')).toBe(1);
  });
});
