import { expect, test } from 'vitest';
import { AnswerHandles } from './answer-handles.ts';

const attempt = (answerId: string, epoch = 1) => ({ answerId, epoch });

test('one for each epoch of each answer, and the same as long as it lasts', () => {
  const handles = new AnswerHandles();
  const first = handles.of('c', attempt('a'));
  expect(handles.of('c', attempt('a'))).toBe(first);
  const others = [
    handles.of('c', attempt('b')),
    handles.of('d', attempt('a')),
    handles.of('c', attempt('a', 2)),
  ];
  expect(new Set([first, ...others]).size).toBe(4);
});

test('one that has been given is not given again', () => {
  const handles = new AnswerHandles();
  const given = [handles.of('c', attempt('a')), handles.of('c', attempt('b'))];
  handles.forgetAnswer('c', 'a');
  given.push(handles.of('c', attempt('a')));
  handles.forgetConversation('c');
  given.push(handles.of('c', attempt('a')), handles.of('c', attempt('b')));
  expect(new Set(given).size).toBe(5);
});
