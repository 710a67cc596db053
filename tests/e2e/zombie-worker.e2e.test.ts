import { randomUUID } from 'node:crypto';
import { Cluster, ScriptedProvider, pieces, readMetric, waitFor } from '@parley/testkit';
import { expect, test } from 'vitest';
import { nativeClient, send, shownText } from './clients/native-client.ts';

test('a worker stopped and continued is fenced: what it still writes is refused and counted', async () => {
  await using provider = await ScriptedProvider.start();
  await using cluster = await Cluster.start({ workers: 1, provider });
  const words = Array.from({ length: 200 }, (_, index) => `w${index} `);
  provider.script(pieces(words, { everyMs: 50 }));
  const conversationId = randomUUID();
  using client = await nativeClient(cluster.gateways[0]?.url ?? '');
  const { answerId } = await send(client, conversationId, 'Go');
  await client.until('answer-piece');

  const [zombie] = cluster.workers;
  zombie?.pause();
  await cluster.addWorker();
  await client.until('answer-started', ({ epoch }) => epoch === 2, 20_000);
  zombie?.resume();
  await client.until('answer-ended', () => true, 30_000);
  expect(client.all('answer-ended')).toMatchObject([
    { id: answerId, status: 'complete', epoch: 2, content: words.join('') },
  ]);
  expect(shownText(client, answerId)).toBe(words.join(''));
  const refused = (): Promise<number> =>
    readMetric(zombie?.url ?? '', 'parley_refused_writes_total', 'reason="replaced"');
  await waitFor(async () => (await refused()) > 0, { what: 'the refused write in the metrics' });
  expect(provider.requests).toHaveLength(2);
}, 90_000);
