import { redisNames, type ClosedAnswerStatus, type HistoryRequest, type Message } from '@parley/contracts';
import { AnswerLog, HistoryQueue } from '@parley/platform';
import { waitFor, type OwnedRedis } from '@parley/testkit';
import { beforeEach, expect, test } from 'vitest';
import {
  answerOf,
  connect,
  keepAlive,
  newId,
  openQueue,
  overhear,
  startHistory,
  startRedis,
  type RunningHistory,
} from './running-history.ts';

let redis: OwnedRedis;
let history: RunningHistory;
let conversationId: string;

beforeEach(async () => {
  redis = await startRedis();
  history = await startHistory(redis);
  conversationId = newId();
});

const refOf = ({ id }: Message) => ({ conversationId, answerId: id });

const keyOf = (content: string): string => content.replace('?', '');

const say = (content: string, turn: Partial<HistoryRequest<'appendTurn'>> = {}) =>
  history.client.call('appendTurn', { conversationId, clientMessageId: keyOf(content), content, ...turn });

const claim = (answer: Message) =>
  history.client.call('claimAnswer', { ...refOf(answer), contextMessages: 50 });

/** Says something and has it answered. */
async function converse(content: string, text: string): Promise<{ question: Message; answer: Message }> {
  const turn = await say(content);
  await claim(answerOf(turn));
  await finish(answerOf(turn), 'complete', text);
  return { question: turn.message, answer: answerOf(turn) };
}

async function finish(answer: Message, status: ClosedAnswerStatus, text: string): Promise<void> {
  const facts = new HistoryQueue(connect(redis.url));
  await facts.answerFinished({ ...refOf(answer), epoch: 1, status, text });
  await facts.close();
  // It goes last, when all that follows has been said.
  const jobs = openQueue('history', redis.url);
  const isDone = async () => (await jobs.getJob(`${answer.id}-1`)) === undefined;
  await waitFor(isDone, { what: 'the answer to be settled' });
  const stored = async () =>
    (await history.client.call('getMessage', { conversationId, messageId: answer.id })).message;
  await waitFor(async () => (await stored()).content === text, { what: 'the answer to be stored' });
}

async function shown(): Promise<[string, string][]> {
  const { messages } = await history.client.call('listMessages', { conversationId });
  return messages.map(({ content, status }) => [content, status]);
}

async function contextOf(answer: Message): Promise<string[]> {
  const claimed = await claim(answer);
  return claimed.outcome === 'run' ? claimed.context.map(({ content }) => content) : [];
}

test('a retry gives one new answer for its key, in place of the old one and what came after it', async () => {
  const first = await converse('One?', 'First.');
  await converse('Two?', 'Second.');
  const heard = await overhear(redis.url, redisNames.conversationChannel(conversationId));
  const admins = await overhear(redis.url, redisNames.activityChannel);
  const retry = { ...refOf(first.answer), clientMessageId: 'again' };
  const { answer, enqueue } = await history.client.call('retryAnswer', retry);
  expect(answer).toMatchObject({ status: 'pending', replyTo: first.question.id });
  expect(enqueue).toBe(true);
  expect(await history.client.call('retryAnswer', retry)).toEqual({ answer, enqueue });
  expect(await shown()).toEqual([
    ['One?', 'complete'],
    ['First.', 'superseded'],
    ['Two?', 'superseded'],
    ['Second.', 'superseded'],
    ['', 'pending'],
  ]);
  expect(await contextOf(answer)).toEqual(['One?']);
  await waitFor(() => heard.frames.length >= 3 && admins.frames.length >= 3, { what: 'the announcements' });
  expect(heard.frames).toMatchObject(
    ['First.', 'Two?', 'Second.'].map(content => ({
      type: 'message.stored',
      message: { content, status: 'superseded' },
    })),
  );
  expect(admins.frames.map(({ type }) => type)).toEqual(Array(3).fill('message.added'));
});

test('a retry ends what is open after the old answer', async () => {
  const first = await converse('One?', 'First.');
  const waiting = answerOf(await say('Two?'));
  const { answer, enqueue } = await history.client.call('retryAnswer', {
    ...refOf(first.answer),
    clientMessageId: 'again',
  });
  expect(enqueue).toBe(false);
  expect(await openQueue('answers', redis.url).getJob(answer.id)).toBeDefined();
  expect(await shown()).toEqual([
    ['One?', 'complete'],
    ['First.', 'superseded'],
    ['Two?', 'superseded'],
    ['', 'superseded'],
    ['', 'pending'],
  ]);
  expect(await claim(waiting)).toEqual({ outcome: 'closed' });
});

test('only an ended answer is retried, to a question that still stands, with a key of its own, by the AI', async () => {
  const first = await converse('One?', 'First.');
  const open = answerOf(await say('Two?'));
  const retry = (answer: Message, clientMessageId: string) =>
    history.client.call('retryAnswer', { ...refOf(answer), clientMessageId });
  const invalid = { code: 'INVALID_REQUEST' };
  await expect(retry(open, 'again')).rejects.toMatchObject({
    code: 'ANSWER_IN_PROGRESS',
    retryAfterMs: 1000,
  });
  for (const key of ['One', 'Two']) await expect(retry(first.answer, key)).rejects.toMatchObject(invalid);
  const again = await retry(first.answer, 'again');
  await history.client.call('updateConversation', { conversationId, mode: 'human' });
  await expect(retry(first.answer, 'once-more')).rejects.toMatchObject(invalid);
  expect((await retry(first.answer, 'again')).answer.id).toBe(again.answer.id);
  await history.client.call('updateConversation', { conversationId, mode: 'ai' });
  await say('Uno?', { replaces: first.question.id });
  await expect(retry(first.answer, 'once-more')).rejects.toMatchObject(invalid);
});

test('an edit replaces a message and everything after it, also a repeated one', async () => {
  await converse('One?', 'First.');
  const second = await converse('Tow?', 'What?');
  await say('Three?');
  const heard = await overhear(redis.url, redisNames.conversationChannel(conversationId));
  const edit = { replaces: second.question.id, origin: 'socket-1' };
  const turn = await say('Two?', edit);
  expect(turn).toMatchObject({ created: true });
  expect(await say('Two?', edit)).toMatchObject({ created: false, answer: { id: turn.answer?.id } });
  expect(await shown()).toEqual([
    ['One?', 'complete'],
    ['First.', 'complete'],
    ['Tow?', 'superseded'],
    ['What?', 'superseded'],
    ['Three?', 'superseded'],
    ['', 'superseded'],
    ['Two?', 'complete'],
    ['', 'pending'],
  ]);
  expect(await contextOf(answerOf(turn))).toEqual(['One?', 'First.', 'Two?']);
  await waitFor(() => heard.frames.length >= 5, { what: 'the announcements' });
  const contents = heard.frames.map(({ type, message }) => [type, (message as Message).content]);
  expect(contents.slice(0, 4)).toEqual([
    ['message.stored', 'Two?'],
    ['message.stored', 'Tow?'],
    ['message.stored', 'What?'],
    ['message.stored', 'Three?'],
  ]);
  expect(heard.frames[4]).toMatchObject({ type: 'answer.stored', message: { status: 'superseded' } });
});

test('an edit takes the pen from the answer under way', async () => {
  const turn = await say('Tow?');
  const running = answerOf(turn);
  await claim(running);
  const log = new AnswerLog(connect(redis.url));
  await log.open(refOf(running), 1);
  await keepAlive(redis.url, refOf(running));
  const edited = await say('Two?', { replaces: turn.message.id });
  expect(edited.enqueue).toBe(false);
  expect(await log.append(refOf(running), 1, 0, 'x')).toBe('superseding');
  await finish(running, 'superseded', 'So far');
  await waitFor(() => openQueue('answers', redis.url).getJob(answerOf(edited).id), {
    what: 'the new answer to be queued',
  });
  expect(await contextOf(answerOf(edited))).toEqual(['Two?']);
});

test('an answer that completes after its question was edited away is not shown again', async () => {
  const turn = await say('Tow?');
  const whole = answerOf(turn);
  await claim(whole);
  // Its worker has said everything, and Redis has lost what it was told.
  await say('Two?', { replaces: turn.message.id });
  await finish(whole, 'complete', 'What?');
  expect(await shown()).toEqual([
    ['Tow?', 'superseded'],
    ['What?', 'superseded'],
    ['Two?', 'complete'],
    ['', 'pending'],
  ]);
});

test('an answer that was stopped is not shown again either once its question is edited away', async () => {
  const turn = await say('Tow?');
  const stopped = answerOf(turn);
  await claim(stopped);
  await history.client.call('endAnswer', { ...refOf(stopped), as: 'stopped' });
  await say('Two?', { replaces: turn.message.id });
  await finish(stopped, 'stopped', 'Wh');
  expect((await shown())[1]).toEqual(['Wh', 'superseded']);
});

test('only a user message that is part of the conversation can be replaced', async () => {
  const first = await converse('One?', 'First.');
  const elsewhere = await history.client.call('appendTurn', {
    conversationId: newId(),
    clientMessageId: 'k',
    content: 'Elsewhere?',
  });
  const invalid = { code: 'INVALID_REQUEST', details: [{ path: 'replaces' }] };
  for (const replaces of [first.answer.id, elsewhere.message.id, 'm_made_up'])
    await expect(say('Two?', { replaces })).rejects.toMatchObject(invalid);
  await say('Uno?', { replaces: first.question.id });
  await expect(say('Ein?', { replaces: first.question.id })).rejects.toMatchObject(invalid);
  expect(await shown()).toHaveLength(4);
});

test('queue: a message sent in between waits', async () => {
  const first = await say('One?', { doubleText: 'queue' });
  expect(await say('Two?', { doubleText: 'queue' })).toMatchObject({ created: true, enqueue: false });
  expect(await claim(answerOf(first))).toMatchObject({ outcome: 'run' });
});

test('reject: a message sent in between is refused, one that was sent before is not', async () => {
  const doubleText = 'reject';
  const first = await say('One?', { doubleText });
  await expect(say('Two?', { doubleText })).rejects.toMatchObject({
    code: 'ANSWER_IN_PROGRESS',
    retryAfterMs: 1000,
  });
  expect(await say('One?', { doubleText })).toEqual({ ...first, created: false });
  await claim(answerOf(first));
  await finish(answerOf(first), 'complete', 'First.');
  const second = await say('Two?', { doubleText });
  expect(second.created).toBe(true);
  const edited = await say('Deux?', { doubleText, replaces: second.message.id });
  expect(edited.created).toBe(true);
  await expect(say('Three?', { doubleText })).rejects.toMatchObject({ code: 'ANSWER_IN_PROGRESS' });
});

test('reject: of 20 messages sent at once one is taken', async () => {
  const sends = await Promise.allSettled(
    Array.from({ length: 20 }, (_, n) => say(`${n}?`, { doubleText: 'reject' })),
  );
  expect(sends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  const refusals = sends.filter(send => send.status === 'rejected').map(({ reason }) => reason as unknown);
  const refusal = { code: 'ANSWER_IN_PROGRESS', retryAfterMs: 1000 };
  for (const reason of refusals) expect(reason).toMatchObject(refusal);
  expect(await shown()).toHaveLength(2);
});

test('interrupt: the newest wins, whatever was open before it ends', async () => {
  const doubleText = 'interrupt';
  const running = answerOf(await say('One?', { doubleText }));
  await claim(running);
  const log = new AnswerLog(connect(redis.url));
  await log.open(refOf(running), 1);
  await keepAlive(redis.url, refOf(running));
  const waiting = answerOf(await say('Two?'));
  const newest = await say('Three?', { doubleText });
  expect(newest).toMatchObject({ created: true, enqueue: false });
  expect(await log.append(refOf(running), 1, 0, 'x')).toBe('superseding');
  expect(await claim(waiting)).toEqual({ outcome: 'closed' });
  await finish(running, 'superseded', 'So far');
  await waitFor(() => openQueue('answers', redis.url).getJob(answerOf(newest).id), {
    what: 'the newest answer to be queued',
  });
  expect(await say('Three?', { doubleText })).toMatchObject({ created: false, enqueue: true });
  expect(await contextOf(answerOf(newest))).toEqual(['One?', 'Two?', 'Three?']);
});
