import { isClosed } from '@parley/contracts';
import { pendingAnswer, placedAfter } from './answer-text.ts';
import { whole, type Reduced } from './reduced.ts';
import { mergeMessages, settledBefore } from './stored-messages.ts';
import type { TranscriptEvent } from './transcript-event.ts';
import type { Transcript } from './transcript.ts';

type OlderPage = Extract<TranscriptEvent, { type: 'older' }>;

/** The transcript with the page that comes before it; itself if the page is out of date and must be read again. */
export function applyOlder(transcript: Transcript, { payload, beforeSeq, olderNews }: OlderPage): Reduced {
  if (beforeSeq !== transcript.firstSeq || olderNews !== transcript.olderNews) return whole(transcript);
  const closed = payload.messages.filter(({ status }) => isClosed(status));
  const open = payload.messages.filter(({ status }) => !isClosed(status));
  const held = new Map(transcript.answers.map(answer => [answer.answerId, answer]));
  const told = new Set(payload.messages.map(({ id }) => id));
  const firstOpenSeq = open[0]?.seq ?? Infinity;
  const firstSeq = payload.hasOlder ? (payload.messages[0]?.seq ?? 0) : 0;
  const messages = mergeMessages(transcript.messages, closed);
  const older = messages.filter(({ seq }) => seq < beforeSeq);
  return whole({
    ...transcript,
    messages,
    answers: [
      ...open.map(({ id, seq }) => placedAfter(held.get(id) ?? pendingAnswer(id, seq), seq)),
      ...transcript.answers.filter(({ answerId }) => !told.has(answerId)),
    ],
    firstSeq,
    hasOlder: firstSeq > 0,
    // Nothing was settled while the newest question was not held.
    settledSeq:
      transcript.settledSeq < beforeSeq
        ? settledBefore(older, firstOpenSeq, firstSeq)
        : Math.min(transcript.settledSeq, firstOpenSeq - 1),
  });
}
