import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyNews, type AnswerNews, type AnswerStep, type LiveAnswer } from './live-answer.ts';

const answerId = 'a_1';

/** A client as it should be: it does what it is told and complains about what it cannot do. */
function show(shown: string | undefined, step: AnswerStep): string {
  if (step.step === 'started') return '';
  expect(step.offset).toBe(shown?.length);
  return `${shown ?? ''}${step.text}`;
}

/** The frames that a worker publishes for one epoch. */
function framesOf(epoch: number, pieces: readonly string[]): AnswerNews[] {
  let offset = 0;
  const frames: AnswerNews[] = [{ kind: 'started', answerId, epoch }];
  for (const text of pieces) {
    frames.push({ kind: 'piece', answerId, epoch, offset, text });
    offset += text.length;
  }
  return frames;
}

/** What becomes of a frame on its way. */
const fate = fc.constantFrom('heard', 'lost', 'twice', 'late');

function travel(frames: readonly AnswerNews[], fates: readonly string[]): AnswerNews[] {
  const heard: AnswerNews[] = [];
  frames.forEach((frame, index) => {
    const what = fates[index % fates.length];
    if (what === 'lost') return;
    heard.push(frame);
    if (what === 'twice') heard.push(frame);
    if (what === 'late') heard.push(...heard.splice(-2).reverse());
  });
  return heard;
}

const piece = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 });

test('whatever is lost, repeated or late: after a look at the log the text is whole, and no client was told nonsense', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(piece, { maxLength: 12 }), { minLength: 1, maxLength: 3 }),
      fc.array(fate, { minLength: 1 }),
      (epochs, fates) => {
        const frames = epochs.flatMap((pieces, index) => framesOf(index + 1, pieces));
        const text = epochs.at(-1)?.join('') ?? '';
        const log: AnswerNews = { kind: 'snapshot', answerId, epoch: epochs.length, text };
        let live: LiveAnswer | undefined;
        let shown: string | undefined;
        for (const news of [...travel(frames, fates), log]) {
          const applied = applyNews(live, news);
          for (const step of applied.steps) shown = show(shown, step);
          live = applied.live;
          expect(shown).toBe(live?.text);
        }
        expect(live).toEqual({ answerId, epoch: epochs.length, text });
      },
    ),
  );
});

test('a lost frame is noticed by the next one of its epoch', () => {
  const started = applyNews(undefined, { kind: 'started', answerId, epoch: 1 });
  const next = applyNews(started.live, { kind: 'piece', answerId, epoch: 1, offset: 5, text: 'late' });
  expect(next).toEqual({ live: started.live, steps: [], gap: true });
});

test('a piece of an epoch whose start was lost is a gap, not a beginning', () => {
  const live = { answerId, epoch: 1, text: 'old' };
  expect(applyNews(live, { kind: 'piece', answerId, epoch: 2, offset: 3, text: 'new' })).toEqual({
    live,
    steps: [],
    gap: true,
  });
});

test('a replaced worker that goes on talking is not heard', () => {
  const live = { answerId, epoch: 2, text: 'new' };
  expect(applyNews(live, { kind: 'piece', answerId, epoch: 1, offset: 3, text: 'old' })).toEqual({
    live,
    steps: [],
    gap: false,
  });
});

test('a snapshot that is older than what is known changes nothing', () => {
  const live = { answerId, epoch: 1, text: 'Hello world' };
  expect(applyNews(live, { kind: 'snapshot', answerId, epoch: 1, text: 'Hello' })).toEqual({
    live,
    steps: [],
    gap: false,
  });
});
