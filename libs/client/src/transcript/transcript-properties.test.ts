import { isClosed } from '@parley/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CONVERSATION, ModelConversation } from '../../test/model-conversation.ts';
import { reduceTranscript } from './reduce-transcript.ts';
import { resumeRequest } from './resume-request.ts';
import type { TranscriptEvent } from './transcript-event.ts';
import { emptyTranscript, type Transcript } from './transcript.ts';

type Happening = (conversation: ModelConversation) => void;

const text = fc.string({ unit: 'binary', maxLength: 12 });
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 3, arbitrary: text.map(content => (c: ModelConversation) => c.ask(content)) },
  { weight: 1, arbitrary: text.map(content => (c: ModelConversation) => c.say(content)) },
  { weight: 3, arbitrary: fc.constant((c: ModelConversation) => c.begin()) },
  { weight: 12, arbitrary: text.map(piece => (c: ModelConversation) => c.write(piece)) },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom('complete', 'stopped', 'failed', 'interrupted')
      .map(status => (c: ModelConversation) => c.end(status)),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom('user', 'assistant'), fc.nat()).map(
      ([role, index]) =>
        (c: ModelConversation) =>
          c.supersede(role, index),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('ai', 'human').map(mode => (c: ModelConversation) => c.switchMode(mode)),
  },
);

/** What happens between two resumes, and what becomes of what is told of it: lost, or delivered (again) in any order. */
const stretch = fc.record({
  happenings: fc.array(happening, { maxLength: 30 }),
  /** Index of a told event, at any time since the beginning. */
  deliveries: fc.array(fc.nat(), { maxLength: 60 }),
  inOrder: fc.boolean(),
  /** While the resume is under way. */
  meanwhile: fc.array(happening, { maxLength: 8 }),
  /** Pages of older messages that somebody reads back at the end. */
  olderPages: fc.nat({ max: 3 }),
});

const pageSize = fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constant(1_000));

const apply = (transcript: Transcript, event: TranscriptEvent): Transcript =>
  reduceTranscript(transcript, event).transcript;

/**
 * Resumes as the client does: until nothing is missing.
 *
 * @param meanwhile what happens after the first page has been read, and is heard before the page comes.
 */
function resumed(
  transcript: Transcript,
  conversation: ModelConversation,
  meanwhile: readonly Happening[] = [],
): Transcript {
  for (let round = 1; ; round++) {
    const { positions, afterSeq } = resumeRequest(transcript);
    const page = conversation.page(afterSeq);
    let atPage = transcript;
    if (round === 1) {
      const from = conversation.told.length;
      for (const happen of meanwhile) happen(conversation);
      atPage = conversation.told.slice(from).reduce(apply, transcript);
    }
    const payload = conversation.resume(positions, page);
    const event: TranscriptEvent = { type: 'resumed', payload, afterSeq, answers: transcript.answers };
    const { transcript: next, needsRepair } = reduceTranscript(atPage, event);
    if (!needsRepair) return next;
    // Each page brings something; beyond that it may have to begin again once.
    expect(round).toBeLessThan(conversation.rows.length + 2);
    transcript = next;
  }
}

function withOlder(transcript: Transcript, conversation: ModelConversation): Transcript {
  const { firstSeq: beforeSeq, olderNews, hasOlder } = transcript;
  if (!hasOlder) return transcript;
  return apply(transcript, { type: 'older', payload: conversation.older(beforeSeq), beforeSeq, olderNews });
}

/** What lies before the first message is not shown; but an answer to it that is under way may be, at the end. */
function expectStored(transcript: Transcript, { rows: all, live, mode }: ModelConversation): void {
  const rows = all.filter(({ seq }) => seq >= transcript.firstSeq);
  const older = new Set(all.filter(({ seq }) => seq < transcript.firstSeq).map(({ id }) => id));
  expect(transcript.hasOlder).toBe(older.size > 0);
  const closed = rows.filter(({ status }) => isClosed(status));
  expect(transcript.messages.map(({ kind: _, ...message }) => message)).toEqual(closed);
  const open = rows.filter(({ status }) => !isClosed(status)).map(({ id }) => id);
  const answers = transcript.answers.filter(({ answerId }) => !older.has(answerId));
  expect(answers.map(({ answerId, epoch, text }) => ({ answerId, epoch, text }))).toEqual(
    open.map(answerId => ({ answerId, ...(live.get(answerId) ?? { epoch: 0, text: '' }) })),
  );
  const ids = transcript.entries.map(entry =>
    entry.kind === 'answer' ? entry.answerId : 'id' in entry ? entry.id : '',
  );
  expect(ids.filter(id => !older.has(id))).toEqual(rows.map(({ id }) => id));
  expect(transcript.mode).toBe(mode);
}

/** Freezes all of it: who changes anything throws. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
}

test('whatever is lost, repeated or reordered, a resume makes the transcript exactly what is stored', () => {
  fc.assert(
    fc.property(fc.array(stretch, { minLength: 1, maxLength: 5 }), pageSize, (stretches, size) => {
      const conversation = new ModelConversation(size);
      let transcript = emptyTranscript(CONVERSATION);
      for (const { happenings, deliveries, inOrder, meanwhile, olderPages } of stretches) {
        for (const happen of happenings) happen(conversation);
        const { told } = conversation;
        const indexes = told.length === 0 ? [] : deliveries.map(index => index % told.length);
        for (const index of inOrder ? indexes.sort((a, b) => a - b) : indexes) {
          const event = told[index];
          if (event) transcript = frozen(apply(transcript, event));
        }
        transcript = frozen(resumed(transcript, conversation, meanwhile));
        expectStored(transcript, conversation);
        for (let page = 0; page < olderPages; page++) {
          transcript = frozen(withOlder(transcript, conversation));
          expectStored(transcript, conversation);
        }
      }
    }),
    { numRuns: 1_000 },
  );
});

test('whoever hears everything in order needs no resume', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 60 }), happenings => {
      const conversation = new ModelConversation();
      for (const happen of happenings) happen(conversation);
      let transcript = resumed(emptyTranscript(), new ModelConversation());
      for (const event of conversation.told) {
        const { transcript: next, needsRepair } = reduceTranscript(transcript, event);
        expect(needsRepair).toBe(false);
        transcript = next;
      }
      expectStored(transcript, conversation);
    }),
    { numRuns: 500 },
  );
});

test('whoever hears an event twice in a row keeps the same transcript', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 40 }), happenings => {
      const conversation = new ModelConversation();
      for (const happen of happenings) happen(conversation);
      let transcript = emptyTranscript(CONVERSATION);
      for (const event of conversation.told) {
        transcript = apply(transcript, event);
        expect(apply(transcript, event)).toBe(transcript);
      }
      transcript = resumed(transcript, conversation);
      expect(resumed(transcript, conversation)).toBe(transcript);
    }),
    { numRuns: 500 },
  );
});
