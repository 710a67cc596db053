import { expect, test } from 'vitest';
import { ServerEventReader } from './server-event.ts';

const started = { conversationId: 'c', answerId: 'a_1', epoch: 1, handle: 7 };
const ended = {
  id: 'a_1',
  conversationId: 'c',
  seq: 2,
  role: 'assistant',
  content: 'Hello',
  status: 'complete',
  createdAt: '2026-11-23T12:00:00.000Z',
};

test('reads what it knows, and drops unknown fields', () => {
  const payload = { conversationId: 'c', mode: 'ai', colour: 'blue' };
  expect(new ServerEventReader().read('mode', payload)).toEqual({
    type: 'mode',
    payload: { conversationId: 'c', mode: 'ai' },
  });
});

test('tells pieces in full', () => {
  const reader = new ServerEventReader();
  expect(reader.read('answer-started', started)).toEqual({
    type: 'answer-started',
    payload: { conversationId: 'c', answerId: 'a_1', epoch: 1 },
  });
  expect(reader.read('piece', [7, 3, 'lo'])).toEqual({
    type: 'answer-piece',
    payload: { conversationId: 'c', answerId: 'a_1', epoch: 1, offset: 3, text: 'lo' },
  });
  reader.read('answer-started', { ...started, epoch: 2, handle: 8 });
  expect(reader.read('piece', [8, 0, 'H'])).toMatchObject({ payload: { epoch: 2, offset: 0 } });
});

test('a piece of which nothing has been told, or whose answer has ended, is an unknown one', () => {
  const reader = new ServerEventReader();
  expect(reader.read('piece', [7, 0, 'x'])).toEqual({ type: 'unknown-piece' });
  reader.read('answer-started', started);
  reader.read('answer-ended', ended);
  expect(reader.read('piece', [7, 5, 'x'])).toEqual({ type: 'unknown-piece' });
});

test.each([
  ['unknown', {}],
  ['toString', {}],
  ['mode', { conversationId: 'c', mode: 'robot' }],
  ['piece', undefined],
  ['piece', [1, -1, 'x']],
])('ignores %s %j', (type, payload) => {
  expect(new ServerEventReader().read(type, payload)).toBeUndefined();
});
