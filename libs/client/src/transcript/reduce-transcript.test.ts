import type { AnswerPiece, NativeMessage } from '@parley/contracts';
import { expect, test } from 'vitest';
import { reduceTranscript } from './reduce-transcript.ts';
import { resumeRequest } from './resume-request.ts';
import type { TranscriptEvent } from './transcript-event.ts';
import { emptyTranscript, type Transcript } from './transcript.ts';

const at = { conversationId: 'c' };
const row = (seq: number, fields: Partial<NativeMessage> = {}): NativeMessage => ({
  ...at,
  id: `m${seq}`,
  seq,
  role: 'user',
  content: `text ${seq}`,
  status: 'complete',
  createdAt: '2026-01-01T00:00:00.000Z',
  ...fields,
});
const piece = (offset: number, text: string, epoch = 1): TranscriptEvent => ({
  type: 'answer-piece',
  payload: { ...at, answerId: 'a', epoch, offset, text },
});
const message = (payload: NativeMessage): TranscriptEvent => ({ type: 'message', payload });
interface Resumed {
  readonly conversationId?: string;
  readonly afterSeq?: number;
  readonly hasNewer?: boolean;
  readonly hasOlder?: boolean;
  readonly pieces?: AnswerPiece[];
  /** What was held when it was asked for. */
  readonly answers?: Transcript['answers'];
}
const resumed = (
  messages: NativeMessage[],
  { conversationId = 'c', afterSeq = 0, hasNewer = false, answers = [], ...told }: Resumed = {},
): TranscriptEvent => ({
  type: 'resumed',
  payload: {
    ...{ ok: true, conversationId, token: 't', mode: 'ai', doubleText: 'queue', messages, hasNewer },
    ...{ pieces: [], ...told },
  },
  afterSeq,
  answers,
});

function after(...events: TranscriptEvent[]): Transcript {
  return events.reduce((held, event) => reduceTranscript(held, event).transcript, emptyTranscript('c'));
}
const textAfter = (...events: TranscriptEvent[]): string | undefined => after(...events).answers[0]?.text;

test('the next piece goes on, a repeat is ignored, an overlap is trimmed', () => {
  expect(textAfter(piece(0, 'Hello'), piece(5, ' there'))).toBe('Hello there');
  expect(textAfter(piece(0, 'Hello'), piece(0, 'Hello'), piece(1, 'ell'))).toBe('Hello');
  expect(textAfter(piece(0, 'Hello'), piece(3, 'lo there'))).toBe('Hello there');
});

test('a gap changes nothing and asks for repair', () => {
  const held = after(piece(0, 'Hello'));
  expect(reduceTranscript(held, piece(6, 'there'))).toEqual({ transcript: held, needsRepair: true });
  expect(reduceTranscript(held, piece(1, 'x', 2))).toEqual({ transcript: held, needsRepair: true });
  expect(reduceTranscript(emptyTranscript('c'), piece(1, 'x')).needsRepair).toBe(true);
  expect(resumeRequest(held).positions).toEqual([{ answerId: 'a', epoch: 1, offset: 5 }]);
});

test('a newer epoch begins the text again, an older one is ignored', () => {
  const started: TranscriptEvent = { type: 'answer-started', payload: { ...at, answerId: 'a', epoch: 2 } };
  expect(textAfter(piece(0, 'old'), started)).toBe('');
  expect(textAfter(piece(0, 'old'), piece(0, 'new', 2))).toBe('new');
  expect(textAfter(piece(0, 'new', 2), started, piece(3, ' old', 1))).toBe('new');
});

test('what is stored wins over what was heard, and what comes late does not bring an ended answer back', () => {
  const ended: TranscriptEvent = {
    type: 'answer-ended',
    payload: row(2, { id: 'a', role: 'assistant', content: 'stored' }),
  };
  const { answers, messages } = after(piece(0, 'heard'), ended, piece(0, 'again', 3), piece(9, 'gap'));
  expect(answers).toEqual([]);
  expect(messages.map(({ content }) => content)).toEqual(['stored']);
});

test('an answer stands behind its question, whatever is said meanwhile', () => {
  const { entries } = after(
    message(row(1)),
    { type: 'sent', payload: { message: row(1), answerId: 'a' } },
    message(row(3)),
    piece(0, 'x'),
    { type: 'outbox', payload: [outgoing('k')] },
  );
  expect(entries.map(entry => entry.kind)).toEqual(['message', 'answer', 'message', 'outgoing']);
});

const outgoing = (clientMessageId: string) => ({
  ...{ kind: 'outgoing' as const, clientMessageId, role: 'user' as const, content: 'x' },
  ...{ createdAt: '2026-01-01T00:00:00.000Z', status: 'sending' as const },
});

test('an own message is shown once, also when it comes back before its acknowledgement', () => {
  const { entries, outgoing: waiting } = after(
    { type: 'outbox', payload: [outgoing('k'), outgoing('l')] },
    message(row(1, { clientMessageId: 'k' })),
  );
  expect(entries.map(entry => 'clientMessageId' in entry && entry.clientMessageId)).toEqual(['k', 'l']);
  expect(waiting).toHaveLength(2);
});

test('superseded messages are kept and marked, and do not come back', () => {
  const superseded = row(1, { status: 'superseded' });
  expect(after(message(row(1)), message(superseded), message(row(1))).messages).toMatchObject([superseded]);
});

test('parts that do not change stay the same objects', () => {
  const before = after(message(row(1)), piece(0, 'x'), { type: 'outbox', payload: [outgoing('k')] });
  const { transcript: next } = reduceTranscript(before, piece(1, 'y'));
  expect(next.messages).toBe(before.messages);
  expect(next.outgoing).toBe(before.outgoing);
  expect(next.typing).toBe(before.typing);
  expect(next.entries[0]).toBe(before.entries[0]);
  expect(next.entries).not.toBe(before.entries);
  const { transcript: typed } = reduceTranscript(next, {
    type: 'typing',
    payload: { ...at, who: 'admin', isTyping: true },
  });
  expect(typed.entries).toBe(next.entries);
});

test('a place in the queue is shown until there is text', () => {
  const queued: TranscriptEvent = { type: 'queued', payload: { ...at, answerId: 'a', position: 4 } };
  expect(after(queued).answers[0]?.queuePosition).toBe(4);
  expect(after(queued, piece(0, 'x'), queued).answers).toEqual([
    { kind: 'answer', answerId: 'a', epoch: 1, text: 'x', after: 0 },
  ]);
});

test('who has said something, or is no longer connected, does not type', () => {
  const types: TranscriptEvent = { type: 'typing', payload: { ...at, who: 'visitor', isTyping: true } };
  expect(after(types).typing).toEqual({ visitor: true, admin: false });
  expect(after(types, message(row(1))).typing.visitor).toBe(false);
  expect(after(types, { type: 'lost' }).typing.visitor).toBe(false);
});

test('events of another conversation change nothing', () => {
  const held = after(message(row(1)));
  const foreign = message(row(2, { conversationId: 'other' }));
  expect(reduceTranscript(held, foreign)).toEqual({ transcript: held, needsRepair: false });
});

test('a resume asks again for all that may have changed, and for little else', () => {
  const answer = (seq: number, fields: Partial<NativeMessage> = {}) =>
    row(seq, { role: 'assistant', ...fields });
  const rows = [row(1), answer(2), row(3), answer(4)];
  expect(resumeRequest(after(resumed(rows))).afterSeq).toBe(2);
  expect(resumeRequest(after(resumed([...rows, row(5, { role: 'admin' })]))).afterSeq).toBe(2);
  expect(resumeRequest(after(resumed([row(1), answer(2, { status: 'streaming' }), row(3)]))).afterSeq).toBe(
    1,
  );
  // What came as an event may have had others before it that did not come.
  expect(resumeRequest(after(resumed(rows), message(row(9)))).afterSeq).toBe(2);
});

test('where the newest turn was superseded unheard, older ones may have been: all is asked for again', () => {
  const held = after(resumed([row(1), row(2), row(3)]));
  const { transcript, needsRepair } = reduceTranscript(
    held,
    resumed([row(3, { status: 'superseded' }), row(4)], { afterSeq: 2 }),
  );
  expect(needsRepair).toBe(true);
  expect(resumeRequest(transcript).afterSeq).toBe(0);
});

test('a conversation that was deleted and begun again unheard is begun again here', () => {
  const held = after(resumed([row(1), row(2), row(3), row(4)]));
  const { transcript, needsRepair } = reduceTranscript(held, message(row(1, { id: 'new' })));
  expect(needsRepair).toBe(true);
  expect(transcript.messages.map(({ id }) => id)).toEqual(['new']);
  expect(resumeRequest(transcript).afterSeq).toBe(0);
});

test('a deleted conversation is empty, and so is another one that the server gives instead', () => {
  const deleted = after(message(row(1)), { type: 'deleted', payload: at });
  expect(deleted).toMatchObject({ deleted: true, messages: [], entries: [] });
  expect(reduceTranscript(deleted, resumed([])).transcript.deleted).toBe(false);
  const other = after(message(row(1)), piece(0, 'x'), resumed([], { conversationId: 'other' }));
  expect(other).toMatchObject({ conversationId: 'other', messages: [], answers: [] });
});

const older = (messages: NativeMessage[], beforeSeq: number, fields = {}): TranscriptEvent => ({
  type: 'older',
  payload: { ok: true, ...at, messages, hasOlder: false },
  ...{ beforeSeq, olderNews: 0, ...fields },
});
const seqsOf = ({ entries }: Transcript): unknown[] =>
  entries.map(entry => (entry.kind === 'message' ? entry.seq : entry.kind));

test('a resume is read page by page, from where the last one ended', () => {
  const open = row(3, { id: 'a', role: 'assistant', status: 'pending' });
  const one = reduceTranscript(after(resumed([row(1)])), resumed([row(2), open], { hasNewer: true }));
  expect(one.needsRepair).toBe(true);
  expect(resumeRequest(one.transcript).afterSeq).toBe(3);
  const two = reduceTranscript(one.transcript, resumed([row(4)], { afterSeq: 3 }));
  expect(two.needsRepair).toBe(false);
  expect(seqsOf(two.transcript)).toEqual([1, 2, 'answer', 4]);
  // The answer is still under way, so the next resume begins before it.
  expect(resumeRequest(two.transcript).afterSeq).toBe(2);
});

test('a page whose connection is lost is not gone on from: what it told may have changed', () => {
  const page = resumed([row(1), row(2, { status: 'complete' }), row(3)], { hasNewer: true });
  expect(resumeRequest(after(page)).afterSeq).toBe(3);
  expect(resumeRequest(after(page, { type: 'lost' })).afterSeq).toBe(2);
});

test('a page that was asked for before the conversation began again is asked for again', () => {
  const held = after(resumed([row(1), row(2), row(3)]), { type: 'deleted', payload: at });
  const { transcript, needsRepair } = reduceTranscript(held, resumed([row(9)], { afterSeq: 2 }));
  expect(needsRepair).toBe(true);
  expect(transcript.messages).toEqual([]);
});

test('the newest page says whether there are older ones, which come before it', () => {
  const held = after(resumed([row(5), row(6)], { hasOlder: true }));
  expect(held).toMatchObject({ hasOlder: true, firstSeq: 5 });
  const { transcript } = reduceTranscript(held, older([row(3), row(4)], 5));
  expect(seqsOf(transcript)).toEqual([3, 4, 5, 6]);
  expect(transcript).toMatchObject({ hasOlder: false, firstSeq: 0 });
  expect(transcript.entries[2]).toBe(held.entries[0]);
});

test('an open answer in an older page is under way at its place, and the next resume asks for it', () => {
  const pending = row(4, { id: 'a', role: 'assistant', status: 'pending' });
  const { transcript } = reduceTranscript(
    after(resumed([row(5), row(6)], { hasOlder: true })),
    older([row(3), pending], 5),
  );
  expect(seqsOf(transcript)).toEqual([3, 'answer', 5, 6]);
  expect(resumeRequest(transcript).afterSeq).toBe(3);
});

test('while the newest question is not held nothing is settled, because an edit may supersede it and what follows', () => {
  const notes = [row(5, { role: 'admin' }), row(6, { role: 'admin' })];
  const held = after(resumed(notes, { hasOlder: true }));
  expect(resumeRequest(held).afterSeq).toBe(4);
  const { transcript } = reduceTranscript(held, older([row(3), row(4, { role: 'assistant' })], 5));
  expect(resumeRequest(transcript).afterSeq).toBe(2);
});

test('what is heard of older messages is not shown without what lies between, and makes a page out of date', () => {
  const held = after(resumed([row(5), row(6)], { hasOlder: true }));
  const changed = reduceTranscript(held, message(row(2, { status: 'superseded' })));
  expect(changed.needsRepair).toBe(false);
  expect(changed.transcript.entries).toBe(held.entries);
  const outdated = reduceTranscript(changed.transcript, older([row(2)], 5));
  expect(outdated.transcript).toBe(changed.transcript);
  const read = older([row(2, { status: 'superseded' })], 5, { olderNews: 1 });
  expect(seqsOf(reduceTranscript(changed.transcript, read).transcript)).toEqual([2, 5, 6]);
});

test('something new before all that is held: the conversation has begun again', () => {
  const held = after(resumed([row(5), row(6)], { hasOlder: true }));
  const { transcript, needsRepair } = reduceTranscript(held, message(row(1)));
  expect(needsRepair).toBe(true);
  expect(seqsOf(transcript)).toEqual([1]);
});

test('a newest page that does not reach what is held takes its place', () => {
  const held = after(resumed([row(1), row(2, { role: 'assistant' })]));
  expect(resumeRequest(held).afterSeq).toBe(0);
  const { transcript } = reduceTranscript(held, resumed([row(8), row(9)], { hasOlder: true }));
  expect(seqsOf(transcript)).toEqual([8, 9]);
});
