import { randomUUID } from 'node:crypto';
import { Cluster, ScriptedProvider, answer, waitFor } from '@parley/testkit';
import { expect, test } from 'vitest';
import { nativeClient, send } from './clients/native-client.ts';
import type { RecordingClient } from './clients/recording-client.ts';
import { call } from './clients/rest-client.ts';

/** More calls than an answer has runs; each takes the 5 s for which callers wait. */
const LOST_CALLS = 3;
const DEADLINE_MS = 30_000;

test('a history that hangs at the claim: its late claims use no run up', async () => {
  await using provider = await ScriptedProvider.start();
  await using cluster = await Cluster.start({ workers: 0, provider });
  provider.script(answer('Fine'));
  const [gateway] = cluster.gateways;
  const [history] = cluster.histories;
  using client = await nativeClient(gateway?.url ?? '');
  const { answerId } = await send(client, randomUUID(), 'How are you?');

  history?.pause();
  const worker = await cluster.addWorker();
  const failures = (): number => worker.logs.filter(line => line.includes('the job failed')).length;
  await waitFor(() => failures() >= LOST_CALLS, { what: 'claims to be lost', deadlineMs: DEADLINE_MS });
  history?.resume();
  expect(await client.until('answer-ended', () => true, DEADLINE_MS)).toMatchObject({
    id: answerId,
    ...{ status: 'complete', content: 'Fine', epoch: 1 },
  });
  expect(provider.requests).toHaveLength(1);
}, 120_000);

test('a history that hangs at a send: the message that is sent again is stored and answered once', async () => {
  await using provider = await ScriptedProvider.start();
  await using cluster = await Cluster.start({ provider });
  provider.script(answer('Fine'));
  const [gateway] = cluster.gateways;
  const [history] = cluster.histories;
  using client = await nativeClient(gateway?.url ?? '');
  const conversationId = randomUUID();
  const message = { conversationId, clientMessageId: randomUUID(), content: 'How are you?' };
  await client.ask('resume', { conversationId });

  history?.pause();
  for (let calls = 0; calls < LOST_CALLS; calls += 1) {
    const error = { code: 'HISTORY_UNAVAILABLE', retryAfterMs: expect.any(Number) as number };
    expect(await client.ask('send', message)).toMatchObject({ ok: false, error });
  }
  history?.resume();
  const { answerId } = await acknowledged(client, message);
  expect(await client.until('answer-ended', () => true, DEADLINE_MS)).toMatchObject({
    id: answerId,
    ...{ status: 'complete', content: 'Fine', epoch: 1 },
  });
  const { body } = await call(gateway?.url ?? '', `/api/conversations/${conversationId}`);
  const contents = body.messages.map(({ content }: { content: string }) => content) as string[];
  expect(contents).toEqual([message.content, 'Fine']);
  expect(provider.requests).toHaveLength(1);
}, 120_000);

/** Sends until it is taken, as a client does. */
async function acknowledged(client: RecordingClient, message: object): Promise<Record<string, unknown>> {
  const taken = async (): Promise<Record<string, unknown> | false> => {
    const ack = await client.ask('send', message);
    return ack.ok === true && ack;
  };
  return waitFor(taken, { what: 'the message to be taken', deadlineMs: DEADLINE_MS });
}
