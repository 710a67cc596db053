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
});

const apply = (transcript: Transcript, event: TranscriptEvent): Transcript =>
  reduceTranscript(transcript, event).transcript;

/** Resumes as the client does: until nothing is missing. */
function resumed(transcript: Transcript, conversation: ModelConversation): Transcript {
  for (let round = 1; ; round++) {
    const { positions, afterSeq } = resumeRequest(transcript);
    const event = { type: 'resumed' as const, payload: conversation.resume(positions, afterSeq) };
    const { transcript: next, needsRepair } = reduceTranscript(transcript, event);
    if (!needsRepair) return next;
    expect(round).toBeLessThan(2);
    transcript = next;
  }
}

function expectStored(transcript: Transcript, { rows, live, mode }: ModelConversation): void {
  const closed = rows.filter(({ status }) => isClosed(status));
  expect(transcript.messages.map(({ kind: _, ...message }) => message)).toEqual(closed);
  const open = rows.filter(({ status }) => !isClosed(status)).map(({ id }) => id);
  expect(transcript.answers.map(({ answerId, epoch, text }) => ({ answerId, epoch, text }))).toEqual(
    open.map(answerId => ({ answerId, ...(live.get(answerId) ?? { epoch: 0, text: '' }) })),
  );
  const ids = transcript.entries.map(entry =>
    entry.kind === 'answer' ? entry.answerId : 'id' in entry && entry.id,
  );
  expect(ids).toEqual(rows.map(({ id }) => id));
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
    fc.property(fc.array(stretch, { minLength: 1, maxLength: 5 }), stretches => {
      const conversation = new ModelConversation();
      let transcript = emptyTranscript(CONVERSATION);
      for (const { happenings, deliveries, inOrder } of stretches) {
        for (const happen of happenings) happen(conversation);
        const { told } = conversation;
        const indexes = told.length === 0 ? [] : deliveries.map(index => index % told.length);
        for (const index of inOrder ? indexes.sort((a, b) => a - b) : indexes) {
          const event = told[index];
          if (event) transcript = frozen(apply(transcript, event));
        }
        transcript = frozen(resumed(transcript, conversation));
        expectStored(transcript, conversation);
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
