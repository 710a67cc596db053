import { expect, test } from 'vitest';
import { newestAnswer } from './newest-answer.ts';
import { emptyTranscript, type StoredMessage, type Transcript } from './transcript.ts';

const row = (seq: number, fields: Partial<StoredMessage>): StoredMessage => ({
  ...{ kind: 'message', id: `m${seq}`, conversationId: 'c-1', seq, role: 'user', content: 'x' },
  ...{ status: 'complete', createdAt: '2026-01-01T00:00:00.000Z' },
  ...fields,
});
const answerTo = (question: number, seq: number, fields: Partial<StoredMessage> = {}): StoredMessage =>
  row(seq, { role: 'assistant', replyTo: `m${question}`, ...fields });
const underWay = (after: number): Transcript['answers'][number] => ({
  ...{ kind: 'answer', answerId: 'a', epoch: 1, text: 'so far', after },
});
const of = (messages: StoredMessage[], fields: Partial<Transcript> = {}): Transcript => ({
  ...emptyTranscript('c-1'),
  messages,
  ...fields,
});
const inProgress = expect.objectContaining({ code: 'ANSWER_IN_PROGRESS' }) as Error;
const notFound = expect.objectContaining({ code: 'ANSWER_NOT_FOUND' }) as Error;

test('while the newest question is being answered, the one before is not meant', () => {
  const transcript = of([row(1, {}), answerTo(1, 2), row(3, {})], { answers: [underWay(3)] });
  expect(() => newestAnswer(transcript)).toThrow(inProgress);
});

test('nor while it is being sent', () => {
  const outgoing: Transcript['outgoing'] = [
    { kind: 'outgoing', clientMessageId: 'k', role: 'user', content: 'x', createdAt: '', status: 'sending' },
  ];
  expect(() => newestAnswer(of([row(1, {}), answerTo(1, 2)], { outgoing }))).toThrow(inProgress);
});

test('nor while its answer is already asked for once more', () => {
  const transcript = of([row(1, {}), answerTo(1, 2, { status: 'superseded' })], { answers: [underWay(2)] });
  expect(() => newestAnswer(transcript)).toThrow(inProgress);
});

test('nor if it has none, because a person answered', () => {
  expect(() => newestAnswer(of([row(1, {}), answerTo(1, 2), row(3, {})]))).toThrow(notFound);
  expect(() => newestAnswer(of([]))).toThrow(notFound);
});

test('an answer that a takeover has ended without a text is the newest all the same', () => {
  const taken = answerTo(3, 4, { status: 'superseded' });
  expect(newestAnswer(of([row(1, {}), answerTo(1, 2), row(3, {}), taken]))).toBe('m4');
});

test('of several answers to it, the newest is meant, and a replaced question has none', () => {
  const superseded = { status: 'superseded' } as const;
  const replaced = [row(4, superseded), answerTo(4, 5, superseded)];
  expect(newestAnswer(of([row(1, {}), answerTo(1, 2, superseded), answerTo(1, 3), ...replaced]))).toBe('m3');
});
