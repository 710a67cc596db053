import { randomUUID } from 'node:crypto';
import { redisNames } from '@parley/contracts';
import {
  Cluster,
  ScriptedProvider,
  answer,
  failure,
  holdAfter,
  pieces,
  readMetric,
  waitFor,
  type ServiceProcess,
} from '@parley/testkit';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { nativeClient, send } from './clients/native-client.ts';
import { RecordingClient } from './clients/recording-client.ts';
import { call } from './clients/rest-client.ts';

const KEYS = { refused: 'sk-test-refused-0123456789', good: 'sk-test-good-0123456789' };

let provider: ScriptedProvider;
let cluster: Cluster;
let gateway: ServiceProcess;
let worker: ServiceProcess;
let history: ServiceProcess;

beforeEach(async () => {
  provider = await ScriptedProvider.start();
  const env = { WORKER_CONCURRENCY: '1', OPENAI_API_KEY: KEYS.refused, OPENAI_API_KEYS: KEYS.good };
  cluster = await Cluster.start({ provider, env });
  [gateway, worker, history] = [cluster.gateways[0], cluster.workers[0], cluster.histories[0]] as [
    ServiceProcess,
    ServiceProcess,
    ServiceProcess,
  ];
});
afterEach(async () => {
  if (provider.requests.some(({ held }) => held)) provider.release();
  await cluster.stop();
  await provider.stop();
});

const metric = ({ url }: ServiceProcess, name: string, label?: string): Promise<number> =>
  readMetric(url, `parley_${name}`, label);

async function until(service: ServiceProcess, name: string, value: number): Promise<void> {
  await waitFor(async () => (await metric(service, name)) === value, { what: `${name} to be ${value}` });
}

test('what is under way is seen while it is, and not when it is over', async () => {
  const resting = await metric(gateway, 'gateway_channels');
  provider.script(answer('x'));
  provider.scriptNext(pieces(['a', 'b'], { faults: [holdAfter(1)] }));
  using busy = await nativeClient(gateway.url);
  await send(busy, randomUUID(), 'I am being answered');
  await busy.until('answer-piece');
  using waiting = await nativeClient(gateway.url);
  await send(waiting, randomUUID(), 'I wait');
  await waiting.until('queued');
  const request = call(gateway.url, '/api/chat', { body: { message: 'So do I' } });

  await until(gateway, 'answers_waiting', 2);
  await until(gateway, 'gateway_waiting_requests', 1);
  expect(await metric(gateway, 'answers_longest_wait_seconds')).toBeGreaterThan(0);
  expect(await metric(gateway, 'gateway_connections')).toBe(2);
  expect(await metric(gateway, 'gateway_watched_queue_places')).toBe(1);
  // The request is a reader, too.
  expect(await metric(gateway, 'gateway_conversations')).toBe(3);
  expect(await metric(gateway, 'gateway_channels')).toBe(resting + 3);
  expect(await metric(worker, 'active_answers')).toBe(1);

  provider.release();
  expect((await request).status).toBe(200);
  await waiting.until('answer-ended');
  for (const { socket } of [busy, waiting]) socket.disconnect();
  await until(gateway, 'gateway_channels', resting);
  for (const name of ['answers_waiting', 'answers_longest_wait_seconds']) await until(gateway, name, 0);
  for (const name of ['waiting_requests', 'connections', 'watched_queue_places', 'conversations'])
    await until(gateway, `gateway_${name}`, 0);
  await until(worker, 'active_answers', 0);
});

test('what has happened is counted, each kind for itself', async () => {
  provider.script(({ key, prompt }) => {
    if (key === KEYS.refused) return failure(401, { code: 'invalid_api_key' });
    if (prompt === 'Stop') return pieces(['One', ' two'], { faults: [holdAfter(1)] });
    return prompt === 'Fail' ? failure(400) : answer('Fine', { piece: 2 });
  });
  using client = await nativeClient(gateway.url);
  const conversationId = randomUUID();
  const ended = (id: unknown) => client.until('answer-ended', one => one.id === id);
  const first = await send(client, conversationId, 'Go');
  await ended(first.answerId);
  const ask = { conversationId, answerId: first.answerId, clientMessageId: randomUUID() };
  const again = await client.ask('retry', ask);
  await ended(again.answerId);
  const stopped = await send(client, conversationId, 'Stop');
  await client.until('answer-piece', ({ answerId }) => answerId === stopped.answerId);
  await client.ask('stop', { conversationId, answerId: stopped.answerId });
  await ended(stopped.answerId);
  const failed = await send(client, conversationId, 'Fail');
  expect(await ended(failed.answerId)).toMatchObject({ status: 'failed' });

  const told: [ServiceProcess, string, string, number][] = [
    [worker, 'answers_total', 'status="complete"', 2],
    [worker, 'answers_total', 'status="stopped"', 1],
    [worker, 'answers_total', 'status="failed"', 1],
    [worker, 'first_text_seconds_count', '', 3],
    [worker, 'streamed_characters_total', '', 'FineFineOne'.length],
    [worker, 'refused_writes_total', 'reason="stopping"', 1],
    [worker, 'provider_errors_total', 'kind="rejected"', 1],
    [worker, 'key_benches_total', 'reason="refused"', 1],
    [history, 'history_turns_appended_total', '', 3],
    [history, 'history_answers_retried_total', '', 1],
    [history, 'history_answer_ends_wished_total', 'as="stopped"', 1],
    [history, 'history_answers_finished_total', 'outcome="stored"', 4],
    [history, 'history_answers_swept_total', '', 0],
    [history, 'history_store_errors_total', '', 0],
  ];
  const counted = await Promise.all(
    told.map(async ([service, name, label]) => `${name} ${label} ${await metric(service, name, label)}`),
  );
  expect(counted).toEqual(told.map(([, name, label, value]) => `${name} ${label} ${value}`));
});

test('what a gateway has missed is counted until it has caught up, and the gaps that it has closed', async () => {
  provider.script(({ key }) =>
    key === KEYS.refused ? failure(401) : pieces(['One', ' two'], { faults: [holdAfter(1)] }),
  );
  const redis = new Redis(cluster.redis.url);
  onTestFinished(() => void redis.quit());
  using client = await nativeClient(gateway.url);
  const conversationId = randomUUID();
  const { answerId } = await send(client, conversationId, 'Go');
  await client.until('answer-piece');

  // A later piece than the next one, as if that had been lost.
  const piece = { type: 'answer.delta', answerId, epoch: 1, offset: 1_000, text: 'x' };
  await redis.publish(redisNames.conversationChannel(conversationId), JSON.stringify(piece));
  await until(gateway, 'gateway_gap_repairs_total', 1);

  using admin = await RecordingClient.connect(gateway.url, { auth: { token: cluster.adminToken } });
  await admin.ask('admin-connect');
  history.pause();
  await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await until(gateway, 'gateway_feeds_behind', 1);
  await until(gateway, 'gateway_admins_behind', 1);
  history.resume();
  await until(gateway, 'gateway_feeds_behind', 0);
  await until(gateway, 'gateway_admins_behind', 0);
  provider.release();
  expect(await client.until('answer-ended')).toMatchObject({ content: 'One two' });
});
