import { isClosed } from '@parley/contracts';
import type { CallReply } from '../connection/native-calls.ts';
import { addPiece, pendingAnswer, placedAfter } from './answer-text.ts';
import type { Reduced } from './reduced.ts';
import { resumeAfter } from './resume-request.ts';
import { mergeMessages, settledBefore } from './stored-messages.ts';
import type { TranscriptEvent } from './transcript-event.ts';
import { startOver, withFields, type AnswerUnderWay, type Transcript } from './transcript.ts';
import { unlessSame } from './unless-same.ts';

type ResumeReply = CallReply<'resume'>;
type Resumed = Extract<TranscriptEvent, { type: 'resumed' }>;

/** The transcript with the page that a resume has brought, and whether something is missing still. */
export function applyResume(transcript: Transcript, resumed: Resumed): Reduced {
  const { payload: reply, afterSeq } = resumed;
  const isSame = reply.conversationId === transcript.conversationId;
  const asked = isSame ? transcript : startOver(transcript, reply.conversationId);
  // Begun again since it was asked: what is known now needs another page.
  if (afterSeq !== resumeAfter(asked)) return { transcript: asked, needsRepair: true };
  const base = afterSeq === 0 ? withNewestPage(asked, reply) : asked;
  const closed = reply.messages.filter(({ status }) => isClosed(status));
  const messages = mergeMessages(base.messages, closed);
  const { answers, needsRepair } = answersUnderWay({ ...base, messages }, resumed);
  const firstOpenSeq = Math.min(...answers.map(({ after }) => after), Infinity);
  // What came as an event may have others before it that did not come; what a resume tells is complete.
  const completeUpTo = Math.max(base.settledSeq, afterSeq, reply.messages.at(-1)?.seq ?? 0);
  const complete = messages.filter(({ seq }) => seq <= completeUpTo);
  const settled = settledBefore(complete, firstOpenSeq, base.firstSeq);
  const isRewritten = asked.unreadAfter === undefined && mayBeRewritten(messages, base.settledSeq, reply);
  const isUnread = reply.hasNewer && !isRewritten && completeUpTo > afterSeq;
  const next = withFields(base, {
    mode: reply.mode,
    doubleText: reply.doubleText,
    messages,
    answers: unlessSame(base.answers, answers),
    deleted: false,
    settledSeq: isRewritten ? 0 : Math.max(base.settledSeq, settled),
    unreadAfter: isUnread ? completeUpTo : undefined,
  });
  return { transcript: next, needsRepair: needsRepair || isRewritten || isUnread };
}

/** With the newest page everything begins at its first message; what is held of before may be out of date, or far away. */
function withNewestPage(transcript: Transcript, { messages, hasOlder = false }: ResumeReply): Transcript {
  const firstSeq = hasOlder ? (messages[0]?.seq ?? 0) : 0;
  const held = transcript.messages.filter(({ seq }) => seq >= firstSeq);
  return withFields(transcript, {
    firstSeq,
    hasOlder: firstSeq > 0,
    messages: unlessSame(transcript.messages, held),
  });
}

/**
 * True if what was not told again may have changed all the same: an edit or a retry supersedes everything from one message
 * on, so what it has superseded before the settled `seq`, it has superseded behind it too. Only the first page behind it
 * tells; an open answer there is what had kept the rest from being settled.
 */
function mayBeRewritten(messages: Transcript['messages'], settled: number, page: ResumeReply): boolean {
  const first = messages.find(({ seq }) => seq > settled);
  const firstOpenSeq = page.messages.find(({ status }) => !isClosed(status))?.seq ?? Infinity;
  return settled > 0 && first?.status === 'superseded' && first.seq < firstOpenSeq;
}

/** Those that the server knows; what it does not know any more is not under way any more. */
function answersUnderWay(
  transcript: Transcript,
  { payload: { messages, pieces, hasNewer }, afterSeq, answers: asked }: Resumed,
): { answers: AnswerUnderWay[]; needsRepair: boolean } {
  const ended = new Set(transcript.messages.map(({ id }) => id));
  const held = new Map(transcript.answers.map(answer => [answer.answerId, answer]));
  const answers = new Map<string, AnswerUnderWay>();
  const lastTold = messages.at(-1)?.seq ?? 0;
  for (const answer of transcript.answers) {
    if (ended.has(answer.answerId)) continue;
    // An earlier page has told it, or a later one may.
    const wasTold = transcript.unreadAfter !== undefined && answer.after <= afterSeq;
    if (wasTold || hasNewer) answers.set(answer.answerId, answer);
    // The page was read before there was such an answer.
    else if (!asked.some(({ answerId }) => answerId === answer.answerId))
      answers.set(answer.answerId, placedAfter(answer, Math.max(answer.after, lastTold)));
  }
  for (const { id, seq, status } of messages) {
    if (isClosed(status) || ended.has(id)) continue;
    answers.set(id, placedAfter(held.get(id) ?? pendingAnswer(id, seq), seq));
  }
  const newestSeq = transcript.messages.at(-1)?.seq ?? 0;
  let needsRepair = false;
  for (const piece of pieces) {
    const { answerId } = piece;
    if (ended.has(answerId)) continue;
    const answer = answers.get(answerId) ?? held.get(answerId) ?? pendingAnswer(answerId, newestSeq);
    const longer = addPiece(answer, piece);
    needsRepair ||= longer === 'gap';
    answers.set(answerId, longer === 'gap' ? answer : longer);
  }
  return { answers: [...answers.values()].sort((a, b) => a.after - b.after), needsRepair };
}
