import fc from 'fast-check';
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

const tallyOf = (one: Entry) => tally([one], new Map([['c', [user, assistant]]]), ['p']);

test('a text that was garbled while it streamed is different, also if the end is right', () => {
  expect(tallyOf({ ...entry, streamed: ['an answer', 'an sna'] })).toMatchObject({
    different: 1,
    watched: 1,
  });
});

test('one garbled text among all that were shown is enough, wherever it stands and whatever is wrong with it', () => {
  const text = assistant.content;
  const garbled = fc
    .tuple(fc.nat(text.length - 1), fc.constantFrom('lost', 'doubled', 'changed'))
    .map(([at, how]) => {
      const there = how === 'lost' ? '' : how === 'doubled' ? `${text[at]}${text[at]}` : '#';
      return `${text.slice(0, at)}${there}${text.slice(at + 1)}`;
    })
    // The last character lost, or one of two that are the same, is just what is shown a moment earlier.
    .filter(shown => !text.startsWith(shown));
  const fine = fc.array(fc.nat(text.length).map(length => text.slice(0, length)));
  fc.assert(
    fc.property(fine, garbled, fine, (before, wrong, after) => {
      expect(tallyOf({ ...entry, streamed: [...before, ...after] })).toMatchObject({ different: 0 });
      const streamed = [...before, wrong, ...after];
      expect(tallyOf({ ...entry, streamed })).toMatchObject({ different: 1 });
    }),
  );
});

test('only of an answer that was cut short may an earlier epoch have shown more', () => {
  const streamed = ['an answer, and more', 'an a'];
  expect(tallyOf({ ...entry, streamed })).toMatchObject({ different: 1 });
  expect(tallyOf({ ...entry, streamed, cutShort: true })).toMatchObject({ different: 0 });
  const other = ['a nanswer, and more'];
  expect(tallyOf({ ...entry, streamed: other, cutShort: true })).toMatchObject({ different: 1 });
});

test('the chunks that were compared are counted', () => {
  expect(tallyOf({ ...entry, chunks: 2 })).toMatchObject({ chunks: 2 });
});
