import { isClosed, type NativeMessage } from '@parley/contracts';
import { placedAfter } from './answer-text.ts';
import { changeAnswer } from './change-answer.ts';
import type { Reduced } from './reduced.ts';
import { mergeMessages } from './stored-messages.ts';
import { startOver, withFields, type Transcript } from './transcript.ts';
import { unlessSame } from './unless-same.ts';

/** The transcript with a message as history has stored it; once an answer has ended, none by that id is under way. */
export function takeMessage(transcript: Transcript, message: NativeMessage): Reduced {
  const needsRepair = contradicts(transcript, message);
  const base = needsRepair ? startOver(transcript) : transcript;
  // It has no place here until what lies before the first one is loaded.
  if (message.seq < base.firstSeq) return { transcript: withOlderNews(base, message), needsRepair };
  if (!isClosed(message.status)) {
    const { transcript: open } = changeAnswer(base, message.id, answer => placedAfter(answer, message.seq));
    return { transcript: open, needsRepair };
  }
  const taken = withFields(base, {
    messages: mergeMessages(base.messages, [message]),
    answers: answersWithout(base, message),
    typing: typingAfter(base.typing, message),
    deleted: false,
  });
  return { transcript: taken, needsRepair };
}

/**
 * True for something unheard of where everything is settled, or before all that is held: the conversation was deleted, and
 * begun again, while nobody here listened.
 */
function contradicts(
  { messages, settledSeq, firstSeq }: Transcript,
  { id, seq, role, status }: NativeMessage,
): boolean {
  // Older ones do change: they are superseded, and an answer ends.
  if (seq < firstSeq) return role !== 'assistant' && status !== 'superseded';
  return seq <= settledSeq && messages.find(message => message.seq === seq)?.id !== id;
}

function withOlderNews(transcript: Transcript, message: NativeMessage): Transcript {
  const answers = isClosed(message.status) ? answersWithout(transcript, message) : transcript.answers;
  return { ...transcript, answers, olderNews: transcript.olderNews + 1 };
}

function answersWithout({ answers }: Transcript, { id }: NativeMessage): Transcript['answers'] {
  return unlessSame(
    answers,
    answers.filter(({ answerId }) => answerId !== id),
  );
}

/** Who has just said something does not type any more. */
function typingAfter(typing: Transcript['typing'], { role }: NativeMessage): Transcript['typing'] {
  if (role === 'user' && typing.visitor) return { ...typing, visitor: false };
  if (role === 'admin' && typing.admin) return { ...typing, admin: false };
  return typing;
}
