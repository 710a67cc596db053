import { isClosed } from '@parley/contracts';
import type { CallReply } from '../connection/native-calls.ts';
import { addPiece, pendingAnswer, placedAfter } from './answer-text.ts';
import type { Reduced } from './reduced.ts';
import { mergeMessages, settledBefore } from './stored-messages.ts';
import { startOver, withFields, type AnswerUnderWay, type Transcript } from './transcript.ts';
import { unlessSame } from './unless-same.ts';

type ResumeReply = CallReply<'resume'>;

/** The transcript with what a resume has brought, and whether something is missing still. */
export function applyResume(transcript: Transcript, reply: ResumeReply): Reduced {
  const isSame = reply.conversationId === transcript.conversationId;
  const base = isSame ? transcript : startOver(transcript, reply.conversationId);
  const closed = reply.messages.filter(({ status }) => isClosed(status));
  const messages = mergeMessages(base.messages, closed);
  const { answers, needsRepair } = answersUnderWay({ ...base, messages }, reply);
  const firstOpenSeq = reply.messages.find(({ status }) => !isClosed(status))?.seq ?? Infinity;
  // What came as an event may have others before it that did not come; what a resume tells is complete.
  const completeUpTo = Math.max(base.settledSeq, ...reply.messages.map(({ seq }) => seq));
  const complete = messages.filter(({ seq }) => seq <= completeUpTo);
  const isRewritten = mayBeRewritten(messages, base.settledSeq, firstOpenSeq);
  const resumed = withFields(base, {
    mode: reply.mode,
    messages,
    answers: unlessSame(base.answers, answers),
    deleted: false,
    settledSeq: isRewritten ? 0 : Math.max(base.settledSeq, settledBefore(complete, firstOpenSeq)),
  });
  return { transcript: resumed, needsRepair: needsRepair || isRewritten };
}

/**
 * True if what was not told again may have changed all the same: an edit or a retry supersedes everything from one message
 * on, so what it has superseded before the settled `seq`, it has superseded behind it too.
 */
function mayBeRewritten(messages: Transcript['messages'], settled: number, firstOpenSeq: number): boolean {
  const first = messages.find(({ seq }) => seq > settled);
  return settled > 0 && first?.status === 'superseded' && first.seq < firstOpenSeq;
}

/** Those that the server knows; what it does not know any more is not under way any more. */
function answersUnderWay(
  transcript: Transcript,
  { messages, pieces }: ResumeReply,
): { answers: AnswerUnderWay[]; needsRepair: boolean } {
  const ended = new Set(transcript.messages.map(({ id }) => id));
  const held = new Map(transcript.answers.map(answer => [answer.answerId, answer]));
  const answers = new Map<string, AnswerUnderWay>();
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
  return { answers: [...answers.values()], needsRepair };
}
