import { redisNames, type Message } from '@parley/contracts';
import { AnswerLog, HistoryQueue } from '@parley/platform';
import { readMetric, waitFor, type OwnedRedis } from '@parley/testkit';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import {
  connect,
  newId,
  overhear,
  startHistory,
  startRedis,
  type Overheard,
  type RunningHistory,
} from './running-history.ts';

let redis: OwnedRedis;
let history: RunningHistory;
let conversationId: string;
let answer: { conversationId: string; answerId: string };
let heard: Overheard;

/** An answer that was being streamed when Redis lost everything. */
beforeEach(async () => {
  redis = await startRedis();
  history = await startHistory(redis);
  conversationId = newId();
  answer = { conversationId, answerId: (await history.ask(conversationId)).id };
  const log = new AnswerLog(connect(redis.url));
  await history.client.call('claimAnswer', { ...answer, contextMessages: 1 });
  await log.open(answer, 1);
  await log.append(answer, 1, 0, 'So fa');
  await connect(redis.url).flushall();
  heard = await overhear(redis.url, redisNames.conversationChannel(conversationId));
});

const takeOver = () => history.client.call('updateConversation', { conversationId, mode: 'human' });

function openFacts(): HistoryQueue {
  const facts = new HistoryQueue(connect(redis.url));
  onTestFinished(() => facts.close());
  return facts;
}

/** What the worker does that has the text. */
async function handOver(facts = openFacts()): Promise<void> {
  await facts.answerFinished({ ...answer, epoch: 1, status: 'stopped', text: 'So fa' });
}

async function stored(): Promise<Message> {
  return (await history.client.call('getMessage', { conversationId, messageId: answer.answerId })).message;
}

test('Redis emptied and taken over: the worker hands over the text, and then it is acknowledged', async () => {
  const workers = await overhear(redis.url, redisNames.controlChannel);
  // Opened before the takeover, which waits for the text only so long.
  const facts = openFacts();
  const takenOver = takeOver();
  await waitFor(() => workers.frames.length > 0, { what: 'the worker to be told' });
  await handOver(facts);
  await takenOver;
  expect(await stored()).toMatchObject({ status: 'stopped', content: 'So fa' });
  await heard.caughtUp();
  expect(heard.frames[0]).toMatchObject({ type: 'answer.stored', message: { content: 'So fa' } });
  expect(heard.frames.at(-1)).toMatchObject({ type: 'conversation.mode', mode: 'human' });
});

test('Redis emptied and taken over while the worker stands still: what it says later is heard by nobody', async () => {
  await takeOver();
  expect(await stored()).toMatchObject({ status: 'stopped', epoch: 2 });
  await handOver();
  const stale = () =>
    readMetric(history.service.url, 'parley_history_answers_finished_total', 'outcome="stale"');
  await waitFor(async () => (await stale()) === 1, { what: 'the late text to be refused' });
  await heard.caughtUp();
  expect(heard.frames.at(-1)).toMatchObject({ type: 'conversation.mode', mode: 'human' });
  expect(heard.frames.filter(({ type }) => type === 'answer.stored')).toHaveLength(1);
});
