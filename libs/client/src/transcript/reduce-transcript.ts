import { isClosed, type AnswerPiece, type NativeMessage } from '@parley/contracts';
import type { CallReply } from '../connection/native-calls.ts';
import { addPiece, beginEpoch, pendingAnswer, placedAfter } from './answer-text.ts';
import { mergeMessages, settledBefore } from './stored-messages.ts';
import { withEntries } from './transcript-entries.ts';
import type { TranscriptEvent } from './transcript-event.ts';
import { NOBODY_TYPES, emptyTranscript, type AnswerUnderWay, type Transcript } from './transcript.ts';

export interface Reduced {
  readonly transcript: Transcript;
  /** True if something is missing that only a resume brings. */
  readonly needsRepair: boolean;
}

/** What an event makes of a transcript. Total: any event at any time, in any order, any number of times. */
export function reduceTranscript(transcript: Transcript, event: TranscriptEvent): Reduced {
  if (isForeign(transcript, event)) return { transcript, needsRepair: false };
  const next = step(transcript, event);
  if (next === 'gap') return { transcript, needsRepair: true };
  const replaced = next.conversationId === transcript.conversationId && next.settledSeq < transcript.settledSeq;
  return { transcript: withEntries(transcript, next), needsRepair: replaced && event.type !== 'deleted' };
}

function step(transcript: Transcript, event: TranscriptEvent): Transcript | 'gap' {
  switch (event.type) {
    case 'resumed':
      return resume(transcript, event.payload);
    case 'message':
    case 'answer-ended':
      return take(transcript, event.payload);
    case 'sent': {
      const { message, answerId } = event.payload;
      const taken = take(transcript, message);
      if (answerId === undefined) return taken;
      return withAnswer(taken, answerId, answer => placedAfter(answer, answer.after ?? message.seq));
    }
    case 'retried':
      return withAnswer(transcript, event.payload.answerId, answer => answer);
    case 'answer-started': {
      const { answerId, epoch } = event.payload;
      return withAnswer(transcript, answerId, answer => beginEpoch(answer, epoch));
    }
    case 'answer-piece':
      return withPiece(transcript, event.payload);
    case 'queued': {
      const { answerId, position } = event.payload;
      return withAnswer(transcript, answerId, answer => queuedAt(answer, position));
    }
    case 'typing':
      return { ...transcript, typing: { ...transcript.typing, [event.payload.who]: event.payload.isTyping } };
    case 'mode':
      return { ...transcript, mode: event.payload.mode };
    case 'outbox':
      return { ...transcript, outgoing: event.payload };
    case 'deleted':
      return { ...startOver(transcript, transcript.conversationId), deleted: true };
    case 'lost':
      return transcript.typing === NOBODY_TYPES ? transcript : { ...transcript, typing: NOBODY_TYPES };
  }
}

/** Of another conversation than the one that is shown. */
function isForeign({ conversationId }: Transcript, event: TranscriptEvent): boolean {
  if (event.type === 'outbox' || event.type === 'lost' || event.type === 'resumed') return false;
  const { payload } = event;
  return ('message' in payload ? payload.message : payload).conversationId !== conversationId;
}

function startOver(transcript: Transcript, conversationId: string | undefined): Transcript {
  return { ...emptyTranscript(conversationId), mode: transcript.mode, outgoing: transcript.outgoing };
}

function resume(transcript: Transcript, ack: CallReply<'resume'>): Transcript | 'gap' {
  const isSame = ack.conversationId === transcript.conversationId;
  const base = isSame ? transcript : startOver(transcript, ack.conversationId);
  const messages = mergeMessages(base.messages, ack.messages.filter(({ status }) => isClosed(status)));
  const open = ack.messages.filter(({ status }) => !isClosed(status));
  const ended = new Set(messages.map(({ id }) => id));
  const held = new Map(base.answers.map(answer => [answer.answerId, answer]));
  // What the server does not know any more is not under way any more.
  const answers = new Map<string, AnswerUnderWay>();
  for (const { id, seq } of open) {
    if (!ended.has(id)) answers.set(id, placedAfter(held.get(id) ?? pendingAnswer(id), seq));
  }
  for (const piece of ack.pieces) {
    const { answerId } = piece;
    if (ended.has(answerId)) continue;
    const answer = addPiece(answers.get(answerId) ?? held.get(answerId) ?? pendingAnswer(answerId), piece);
    if (answer === 'gap') return 'gap';
    answers.set(answerId, answer);
  }
  const completeUpTo = Math.max(base.settledSeq, ...ack.messages.map(({ seq }) => seq));
  const complete = messages.filter(({ seq }) => seq <= completeUpTo);
  const settledSeq = settledBefore(complete, open[0]?.seq ?? Infinity);
  return {
    ...base,
    ...{ mode: ack.mode, messages, answers: unlessSame(base.answers, [...answers.values()]), deleted: false },
    settledSeq: Math.max(base.settledSeq, settledSeq),
  };
}

/** A message that is stored: once it has ended there is no answer under way by that id. */
function take(transcript: Transcript, message: NativeMessage): Transcript {
  const base = contradicts(transcript, message)
    ? startOver(transcript, transcript.conversationId)
    : transcript;
  if (!isClosed(message.status)) {
    return withAnswer(base, message.id, answer => placedAfter(answer, message.seq));
  }
  const messages = mergeMessages(base.messages, [message]);
  const answers = base.answers.filter(({ answerId }) => answerId !== message.id);
  const typing = message.role === 'user' ? 'visitor' : message.role === 'admin' ? 'admin' : undefined;
  return {
    ...base,
    messages,
    answers: unlessSame(base.answers, answers),
    ...(typing && base.typing[typing] && { typing: { ...base.typing, [typing]: false } }),
    deleted: false,
  };
}

/** Something unheard of where everything is settled: the conversation was deleted and begun again while nobody here listened. */
function contradicts({ messages, settledSeq }: Transcript, { id, seq }: NativeMessage): boolean {
  return seq <= settledSeq && messages.find(message => message.seq === seq)?.id !== id;
}

function withPiece(transcript: Transcript, piece: AnswerPiece): Transcript | 'gap' {
  let gap = false;
  const next = withAnswer(transcript, piece.answerId, answer => {
    const added = addPiece(answer, piece);
    gap = added === 'gap';
    return added === 'gap' ? answer : added;
  });
  return gap ? 'gap' : next;
}

/** The transcript with a change to one answer, which begins here if it is not known, and is left alone if it has ended. */
function withAnswer(
  transcript: Transcript,
  answerId: string,
  change: (answer: AnswerUnderWay) => AnswerUnderWay,
): Transcript {
  const { answers, messages } = transcript;
  const held = answers.find(answer => answer.answerId === answerId);
  if (!held && messages.some(({ id }) => id === answerId)) return transcript;
  const changed = change(held ?? pendingAnswer(answerId));
  if (changed === held) return transcript;
  const others = answers.map(answer => (answer === held ? changed : answer));
  return { ...transcript, answers: held ? others : [...answers, changed] };
}

function queuedAt(answer: AnswerUnderWay, queuePosition: number): AnswerUnderWay {
  const isNews = answer.text === '' && answer.queuePosition !== queuePosition;
  return isNews ? { ...answer, queuePosition } : answer;
}

function unlessSame<T>(before: readonly T[], after: readonly T[]): readonly T[] {
  const isSame = before.length === after.length && before.every((element, index) => element === after[index]);
  return isSame ? before : after;
}
