import { describe, expect, test } from 'vitest';
import { conversationRecord } from '../domain/conversation.ts';
import { messageRecord } from '../domain/message.ts';
import { activityFrame } from '../frames/activity-frame.ts';
import { controlFrame } from '../frames/control-frame.ts';
import { conversationFrame } from '../frames/conversation-frame.ts';
import { answerJob } from '../jobs/answer-job.ts';
import { historyJob } from '../jobs/history-job.ts';

/** As version 1 wrote them. Never edit a sample: these are in somebody's Redis and database. */
const message = {
  id: 'm_4Q9Jw0cV2dQ1u5x8k3TzAA',
  conversationId: 'c-1',
  seq: 1,
  role: 'user',
  content: 'Hello 👋',
  status: 'complete',
  createdAt: '2026-11-23T10:00:00.000Z',
  updatedAt: '2026-11-23T10:00:00.000Z',
  clientMessageId: 'k-1',
} as const;
const answerId = 'a_4Q9Jw0cV2dQ1u5x8k3TzAA';

const samples = [
  ['message', messageRecord, message],
  [
    'conversation',
    conversationRecord,
    { id: 'c-1', title: 'Hello 👋', mode: 'ai', createdAt: message.createdAt, updatedAt: message.updatedAt },
  ],
  ['answers job', answerJob, { answerId, conversationId: 'c-1' }],
  [
    'answers job with a claim',
    answerJob,
    {
      answerId,
      conversationId: 'c-1',
      unsettledClaim: { id: '8c1f5f0e-6a55-4a0e-9a7b-0f5a4c1f2d3e', start: 2 },
    },
  ],
  [
    'history job',
    historyJob,
    {
      type: 'answer.finished',
      answerId,
      conversationId: 'c-1',
      epoch: 1,
      status: 'complete',
      text: 'Hi',
      usage: { inputTokens: 3, outputTokens: 1 },
    },
  ],
  ['started frame', conversationFrame, { type: 'answer.started', answerId, epoch: 1 }],
  ['delta frame', conversationFrame, { type: 'answer.delta', answerId, epoch: 1, offset: 0, text: 'Hi' }],
  ['stored frame', conversationFrame, { type: 'message.stored', message, origin: 's-1' }],
  ['mode frame', conversationFrame, { type: 'conversation.mode', mode: 'human' }],
  ['deleted frame', conversationFrame, { type: 'conversation.deleted' }],
  ['activity frame', activityFrame, { type: 'message.added', message }],
  ['changed frame', activityFrame, { type: 'conversation.changed', conversationId: 'c-1' }],
  ['control frame', controlFrame, { type: 'answer.fenced', conversationId: 'c-1', answerId }],
] as const;

describe.each(samples)('%s', (_name, schema, sample) => {
  test('a frozen sample is still read and written as it was', () => {
    expect(schema.read.parse(sample)).toEqual(sample);
    expect(schema.write.parse(sample)).toEqual(sample);
  });

  test('what a newer version adds survives the reading', () => {
    const newer = { ...sample, addedLater: { by: 'version 2' } };
    expect(schema.read.parse(newer)).toEqual(newer);
  });

  test('an unknown field is never written', () => {
    expect(schema.write.safeParse({ ...sample, typo: 1 }).success).toBe(false);
  });
});
