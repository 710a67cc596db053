import { expect, test } from 'vitest';
import { parseServerEvent } from './server-event.ts';

test('reads what it knows, and drops unknown fields', () => {
  const payload = { conversationId: 'c', mode: 'ai', colour: 'blue' };
  expect(parseServerEvent('mode', payload)).toEqual({
    type: 'mode',
    payload: { conversationId: 'c', mode: 'ai' },
  });
});

test.each([
  ['unknown', {}],
  ['toString', {}],
  ['mode', { conversationId: 'c', mode: 'robot' }],
  ['answer-piece', undefined],
])('ignores %s %j', (type, payload) => {
  expect(parseServerEvent(type, payload)).toBeUndefined();
});
