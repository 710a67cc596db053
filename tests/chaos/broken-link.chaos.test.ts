import { randomUUID } from 'node:crypto';
import { Cluster, ScriptedProvider, pieces, waitFor } from '@parley/testkit';
import { expect, test } from 'vitest';
import { nativeClient, send, shownText } from '../e2e/clients/native-client.ts';
import { BrokenLink } from './broken-link.ts';

const WORDS = Array.from({ length: 150 }, (_, index) => `w${index} `);
const BREAKS = 12;

test('a link to Redis that loses answers, again and again: nothing is lost, and nothing comes twice', async () => {
  await using provider = await ScriptedProvider.start();
  await using cluster = await Cluster.start({ gateways: 1, workers: 0, provider });
  await using link = await BrokenLink.start(cluster.redis.port);
  await cluster.addWorker({ REDIS_URL: `redis://127.0.0.1:${link.port}` });
  provider.script(pieces(WORDS, { everyMs: 20 }));
  const [gateway] = cluster.gateways;
  const conversations = [randomUUID(), randomUUID(), randomUUID()];
  using client = await nativeClient(gateway?.url ?? '');
  // While answers are claimed, begun, written and handed over: whichever command is under way is hit.
  const answers: unknown[] = [];
  for (const conversationId of conversations) {
    link.breakAtNextAnswer();
    const { answerId } = await send(client, conversationId, 'Go on');
    answers.push(answerId);
  }
  while (link.breaks < BREAKS && client.all('answer-ended').length < answers.length) {
    const seen = link.breaks;
    link.breakAtNextAnswer();
    await waitFor(() => link.breaks > seen, { what: 'the link to break', deadlineMs: 10_000 });
    const heard = client.all('piece').length;
    const goesOn = (): boolean =>
      client.all('piece').length > heard || client.all('answer-ended').length === answers.length;
    await waitFor(goesOn, { what: 'the text to go on', deadlineMs: 30_000 });
  }
  await waitFor(() => client.all('answer-ended').length >= answers.length, {
    what: 'all answers',
    deadlineMs: 60_000,
  });
  expect(link.breaks).toBeGreaterThan(answers.length);
  expect(client.all('answer-ended')).toHaveLength(answers.length);
  for (const answerId of answers) {
    const ended = client.all('answer-ended').find(({ id }) => id === answerId);
    expect(ended).toMatchObject({ status: 'complete', content: WORDS.join('') });
    expect(shownText(client, answerId)).toBe(WORDS.join(''));
  }
  expect(provider.requests.length).toBeLessThanOrEqual(2 * answers.length);
}, 120_000);
