import type { ConversationMode, DoubleTextPolicy, NativeMessage, Typist } from '@parley/contracts';
import type { OutgoingMessage } from '../outbox/outgoing-message.ts';

/** A message that history has stored: a person's, or an answer that has ended. `superseded` ones are for UIs to hide. */
export interface StoredMessage extends Readonly<NativeMessage> {
  readonly kind: 'message';
}

/** An answer that has not ended yet. */
export interface AnswerUnderWay {
  readonly kind: 'answer';
  readonly answerId: string;
  /** Attempt whose text this is; 0 while the answer waits for a worker. */
  readonly epoch: number;
  readonly text: string;
  /** The `seq` behind which it stands; until that is known, the newest that was held when it was first heard of. */
  readonly after: number;
  /** Its place in the queue of waiting answers, 1 is next; absent if it does not wait, or nobody has said so. */
  readonly queuePosition?: number;
}

export type TranscriptEntry = StoredMessage | AnswerUnderWay | OutgoingMessage;

/** One conversation as this client knows it. Never changed, only replaced; parts that stay the same stay identical. */
export interface Transcript {
  /** Absent until the server has named it. */
  readonly conversationId: string | undefined;
  readonly mode: ConversationMode;
  /** What becomes of a message sent while the one before is still being answered; absent until the server has said so. */
  readonly doubleText: DoubleTextPolicy | undefined;
  /** By `seq`. */
  readonly messages: readonly StoredMessage[];
  readonly answers: readonly AnswerUnderWay[];
  /** Written here and not acknowledged yet, oldest first. */
  readonly outgoing: readonly OutgoingMessage[];
  /** All of the above in the order in which to show it. A key that survives sending: `clientMessageId ?? id`. */
  readonly entries: readonly TranscriptEntry[];
  readonly typing: Readonly<Record<Typist, boolean>>;
  /** The conversation has been deleted; a resume, or the next message, begins it again. */
  readonly deleted: boolean;
  /** Up to this `seq` everything is held and has ended; a resume need not tell it again. */
  readonly settledSeq: number;
  /** While a resume is read page by page: messages behind this `seq` have not come yet, unless as events. */
  readonly unreadAfter: number | undefined;
  /** Everything from this `seq` on is held; 0 if that is everything there is. */
  readonly firstSeq: number;
  /** There are messages before the first one, which can be loaded. */
  readonly hasOlder: boolean;
  /** Counts what was heard of messages before `firstSeq`: a page of them that was asked for before is out of date. */
  readonly olderNews: number;
}

export const NOBODY_TYPES: Transcript['typing'] = { visitor: false, admin: false };

/** A transcript of which nothing is known yet. */
export function emptyTranscript(conversationId?: string): Transcript {
  return {
    conversationId,
    mode: 'ai',
    doubleText: undefined,
    messages: [],
    answers: [],
    outgoing: [],
    entries: [],
    typing: NOBODY_TYPES,
    deleted: false,
    settledSeq: 0,
    unreadAfter: undefined,
    firstSeq: 0,
    hasOlder: false,
    olderNews: 0,
  };
}

/** Nothing is known any more but what is written here. */
export function startOver(transcript: Transcript, conversationId = transcript.conversationId): Transcript {
  const { mode, doubleText, outgoing } = transcript;
  return { ...emptyTranscript(conversationId), mode, doubleText, outgoing };
}

/** The transcript with these fields; itself if they are what they were. */
export function withFields(transcript: Transcript, fields: Partial<Transcript>): Transcript {
  const names = Object.keys(fields) as (keyof Transcript)[];
  return names.every(name => fields[name] === transcript[name]) ? transcript : { ...transcript, ...fields };
}
