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
  if (!isClosed(message.status)) {
    const { transcript: open } = changeAnswer(base, message.id, answer => placedAfter(answer, message.seq));
    return { transcript: open, needsRepair };
  }
  const answers = base.answers.filter(({ answerId }) => answerId !== message.id);
  const taken = withFields(base, {
    messages: mergeMessages(base.messages, [message]),
    answers: unlessSame(base.answers, answers),
    typing: typingAfter(base.typing, message),
    deleted: false,
  });
  return { transcript: taken, needsRepair };
}

/**
 * True for something unheard of where everything is settled: the conversation was deleted, and begun again, while nobody
 * here listened.
 */
function contradicts({ messages, settledSeq }: Transcript, { id, seq }: NativeMessage): boolean {
  return seq <= settledSeq && messages.find(message => message.seq === seq)?.id !== id;
}

/** Who has just said something does not type any more. */
function typingAfter(typing: Transcript['typing'], { role }: NativeMessage): Transcript['typing'] {
  if (role === 'user' && typing.visitor) return { ...typing, visitor: false };
  if (role === 'admin' && typing.admin) return { ...typing, admin: false };
  return typing;
}
