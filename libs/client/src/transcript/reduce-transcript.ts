import { addPiece, beginEpoch, placedAfter, queuedAt } from './answer-text.ts';
import { applyOlder } from './apply-older.ts';
import { applyResume } from './apply-resume.ts';
import { changeAnswer } from './change-answer.ts';
import { whole, type Reduced } from './reduced.ts';
import { takeMessage } from './take-message.ts';
import { withEntries } from './transcript-entries.ts';
import type { TranscriptEvent } from './transcript-event.ts';
import { NOBODY_TYPES, startOver, withFields, type Transcript } from './transcript.ts';

/** What an event makes of a transcript. Total: any event at any time, in any order, any number of times. */
export function reduceTranscript(before: Transcript, event: TranscriptEvent): Reduced {
  if (isForeign(before, event)) return whole(before);
  const { transcript, needsRepair } = step(before, event);
  return { transcript: withEntries(before, transcript), needsRepair };
}

function step(transcript: Transcript, event: TranscriptEvent): Reduced {
  switch (event.type) {
    case 'resumed':
      return applyResume(transcript, event);
    case 'older':
      return applyOlder(transcript, event);
    case 'message':
    case 'answer-ended':
      return takeMessage(transcript, event.payload);
    case 'sent': {
      const { message, answerId } = event.payload;
      const taken = takeMessage(transcript, message);
      if (answerId === undefined || message.seq < taken.transcript.firstSeq) return taken;
      const answered = changeAnswer(taken.transcript, answerId, answer => placedAfter(answer, message.seq));
      return { ...answered, needsRepair: taken.needsRepair };
    }
    case 'retried':
      return changeAnswer(transcript, event.payload.answerId, answer => answer);
    case 'answer-started': {
      const { answerId, epoch } = event.payload;
      return changeAnswer(transcript, answerId, answer => beginEpoch(answer, epoch));
    }
    case 'answer-piece':
      return changeAnswer(transcript, event.payload.answerId, answer => addPiece(answer, event.payload));
    case 'queued': {
      const { answerId, position } = event.payload;
      return changeAnswer(transcript, answerId, answer => queuedAt(answer, position));
    }
    case 'typing': {
      const { who, isTyping } = event.payload;
      if (transcript.typing[who] === isTyping) return whole(transcript);
      return whole({ ...transcript, typing: { ...transcript.typing, [who]: isTyping } });
    }
    case 'mode':
      return whole(withFields(transcript, { mode: event.payload.mode }));
    case 'outbox':
      return whole(withFields(transcript, { outgoing: event.payload }));
    case 'deleted':
      return whole({ ...startOver(transcript), deleted: true });
    case 'lost':
      return whole(withFields(transcript, { typing: NOBODY_TYPES, unreadAfter: undefined }));
  }
}

/** Of another conversation than the one that is shown. */
function isForeign({ conversationId }: Transcript, event: TranscriptEvent): boolean {
  if (event.type === 'outbox' || event.type === 'lost' || event.type === 'resumed') return false;
  const { payload } = event;
  return ('message' in payload ? payload.message : payload).conversationId !== conversationId;
}
