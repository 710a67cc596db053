import { expect, test } from 'vitest';
import { tally, type Entry } from './ledger.ts';

const entry: Entry = {
  ...{ conversationId: 'c', prompt: 'p', acked: true, tookMs: 5 },
  ...{ shown: 'an answer', streamed: ['an ans', 'an answer'] },
};
const user = { role: 'user', content: 'p' };
const assistant = { role: 'assistant', content: 'an answer' };

test.each([
  ['all is well', [user, assistant], ['p'], {}],
  ['the message is lost', [], ['p'], { lost: 1, different: 1 }],
  ['the answer is lost', [user, { role: 'user', content: 'q' }], ['p'], { lost: 1, different: 1 }],
  ['the message is there twice', [user, user, assistant], ['p'], { duplicated: 1, lost: 1, different: 1 }],
  ['there are two answers', [user, assistant, assistant], ['p', 'p'], { duplicated: 1 }],
  ['another text is stored', [user, { ...assistant, content: 'b' }], ['p'], { different: 1 }],
  ['the provider was asked three times', [user, assistant], ['p', 'p', 'p'], { overAllowance: 1 }],
])('%s', (_name, stored, prompts, expected) => {
  const clean = { sent: 1, acked: 1, lost: 0, duplicated: 0, stuck: 0, different: 0, overAllowance: 0 };
  expect(tally([entry], new Map([['c', stored]]), prompts)).toMatchObject({ ...clean, ...expected });
});

test('an answer that never became whole is stuck', () => {
  const stuck = { ...entry, tookMs: undefined, shown: undefined };
  expect(tally([stuck], new Map([['c', [user, assistant]]]), ['p'])).toMatchObject({ stuck: 1 });
});

test('a message that was never acknowledged', () => {
  const unheard = { ...entry, acked: false };
  expect(tally([unheard], new Map([['c', [user, assistant]]]), ['p'])).toMatchObject({ sent: 1, acked: 0 });
});

test('a text that was garbled while it streamed is different, also if the end is right', () => {
  const garbled = { ...entry, streamed: ['an answer', 'an sna'] };
  const expected = { different: 1, watched: 1 };
  expect(tally([garbled], new Map([['c', [user, assistant]]]), ['p'])).toMatchObject(expected);
});
