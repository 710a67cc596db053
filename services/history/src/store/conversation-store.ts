import type {
  AnswerClaim,
  ClosedAnswerStatus,
  Conversation,
  ConversationMode,
  EndAs,
  Message,
  MessageRole,
  Usage,
} from '@parley/contracts';
import type { AnswerRef } from '@parley/platform';

/** Tells the time that records are stamped with. */
export type Clock = () => Date;

/** Who opened a conversation; written once, when it is created. */
interface Visitor {
  readonly visitorId?: string | undefined;
  readonly userAgent?: string | undefined;
  readonly ipAddress?: string | undefined;
}

export interface NewConversation extends Visitor {
  readonly conversationId: string;
}

export interface NewMessage {
  readonly conversationId: string;
  /** Stored once under this key, however often it is sent. */
  readonly clientMessageId: string;
  readonly role: Exclude<MessageRole, 'user' | 'assistant'>;
  readonly content: string;
}

export interface NewTurn extends Visitor {
  readonly conversationId: string;
  /** Stored once under this key, however often it is sent. */
  readonly clientMessageId: string;
  readonly content: string;
  /** Refused while an answer with a smaller `seq` than this is open; of several such turns at once, one is stored. */
  readonly noneOpenBefore?: number | undefined;
}

/** Asks for one more answer to a user message that is stored. */
export interface FurtherAnswer {
  readonly conversationId: string;
  /** Stored once under this key, however often it is sent. */
  readonly clientMessageId: string;
  /** The user message. */
  readonly replyTo: string;
}

export interface AddedAnswer {
  readonly answer: Message;
  /** True if the answer is open and no earlier one of its conversation is. */
  readonly enqueue: boolean;
  /** True for the one call that stored it. */
  readonly created: boolean;
}

/** A user message and the answer it asks for. */
export interface StoredTurn {
  readonly message: Message;
  /** Absent if a person answers. */
  readonly answer?: Message;
  /** True if the answer is open and no earlier one of its conversation is. */
  readonly enqueue: boolean;
  /** True for the one call that completed the turn; false if it was there before. */
  readonly created: boolean;
}

export interface ConversationQuery {
  readonly limit: number;
  /** `next` of the page before. */
  readonly before?: string | undefined;
  readonly visitorId?: string | undefined;
}

export interface ConversationChanges {
  readonly title?: string | undefined;
  readonly mode?: ConversationMode | undefined;
}

/** A record, and whether this very call has stored it. */
export interface CreatedConversation {
  readonly conversation: Conversation;
  readonly created: boolean;
}

export interface AddedMessage {
  readonly message: Message;
  readonly created: boolean;
}

export interface ConversationPage {
  readonly conversations: Conversation[];
  /** `before` of the next page; absent on the last one. */
  readonly next?: string;
}

export interface MessageRange {
  readonly conversationId: string;
  readonly limit: number;
  readonly beforeSeq?: number | undefined;
  readonly afterSeq?: number | undefined;
}

/** Which unfinished work to look at: a page in the order of conversation ids. */
export interface UnfinishedQuery {
  /** Only what was created before this time. */
  readonly before: Date;
  /** Open records looked at, which bounds the work of one call. */
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: string | undefined;
}

export interface UnfinishedPage {
  readonly messages: Message[];
  /** `after` of the next page; absent at the end. */
  readonly next?: string;
}

export interface ClaimRequest extends AnswerRef {
  /** Names the claim: who asks again under this id gets the claim that was made, as long as it is the newest. */
  readonly claimId: string;
  /** Runs that an answer may have in all. */
  readonly maxRuns: number;
  /** Messages of context, at most. */
  readonly contextMessages: number;
}

/** Messages with `fromSeq <= seq < beforeSeq`. */
export interface SeqRange {
  readonly fromSeq: number;
  readonly beforeSeq: number;
}

export interface Superseded {
  /** What was not so before, oldest first. */
  readonly messages: Message[];
  /** How far the range went: at least as far as was asked for, and as any before that began at the same message. */
  readonly beforeSeq: number;
}

/**
 * What became of the wish that an answer ends.
 *
 * - `closed`: nobody was at work on it; this very call has closed it, without text.
 * - `wished`: the worker of that epoch has the pen. No claim gives leave to run any more; the next one learns the wish.
 * - `ended`: it had ended before.
 */
export type RequestedEnd =
  | { readonly outcome: 'closed'; readonly message: Message }
  | { readonly outcome: 'wished'; readonly epoch: number; readonly as: EndAs }
  | { readonly outcome: 'ended' };

/** Whether an epoch may still write, and how somebody wished the answer to end. */
export interface Pen {
  /** False once a newer epoch has been claimed, or the answer has ended. */
  readonly held: boolean;
  readonly endAs?: EndAs;
}

/** The claim, and the answer if this very claim has closed it. */
export type StoredClaim = { readonly claim: AnswerClaim; readonly closed?: Message } | undefined;

export interface FinishedAnswer extends AnswerRef {
  readonly epoch: number;
  readonly status: ClosedAnswerStatus;
  readonly text: string;
  readonly usage?: Usage | undefined;
}

/**
 * What became of a finished answer.
 *
 * - `stored`: it is the stored text now.
 * - `repeat`: it was stored before.
 * - `stale`: a newer epoch has been claimed, or the answer has ended otherwise; nothing was written.
 * - `unknown`: there is no such answer (any more).
 */
export type FinishResult =
  | { readonly outcome: 'stored' | 'repeat'; readonly message: Message }
  | { readonly outcome: 'stale' | 'unknown' };

/**
 * Everything history keeps, on any database. Every write is atomic in effect: whoever repeats a call that broke, in this
 * process or another, ends with the same records as if it had not. Text is stored exactly as given; text that is no
 * well-formed Unicode is refused with `INVALID_REQUEST`. A database that cannot be reached is `HISTORY_UNAVAILABLE`.
 */
export interface ConversationStore {
  /** Connects and brings the schema up to date. Everything else may be called only afterwards. */
  start(): Promise<void>;
  /** Ends what is under way and disconnects. */
  close(): Promise<void>;
  /** Resolves if the database answers. */
  ping(): Promise<void>;

  /** Newest `updatedAt` first. */
  listConversations(query: ConversationQuery): Promise<ConversationPage>;
  getConversation(conversationId: string): Promise<Conversation | undefined>;
  /** Creates the conversation unless it exists. */
  createConversation(conversation: NewConversation): Promise<CreatedConversation>;
  /** @returns undefined if there is no such conversation. */
  updateConversation(conversationId: string, changes: ConversationChanges): Promise<Conversation | undefined>;
  /** Removes the conversation with its messages. @returns false if there is none. */
  deleteConversation(conversationId: string): Promise<boolean>;

  /** @returns undefined if there is no such conversation. */
  addMessage(message: NewMessage): Promise<AddedMessage | undefined>;
  /** @returns undefined if there is no such message, or if it is an answer that is still open: that is its worker's. */
  updateMessage(conversationId: string, messageId: string, content: string): Promise<Message | undefined>;
  getMessage(conversationId: string, messageId: string): Promise<Message | undefined>;
  /** Oldest first: the newest `limit` messages of the range, or the oldest ones after `afterSeq`. */
  listMessages(range: MessageRange): Promise<Message[]>;

  /**
   * Stores a user message and the answer it asks for; creates the conversation if it must.
   *
   * @throws ParleyError ANSWER_IN_PROGRESS if `noneOpenBefore` refuses it; INVALID_REQUEST if a further answer has its key.
   */
  appendTurn(turn: NewTurn): Promise<StoredTurn>;
  /** User messages whose turn was broken off before the answer was stored. */
  listHalfTurns(query: UnfinishedQuery): Promise<UnfinishedPage>;
  /** Stores what is missing of a turn. @returns undefined if its conversation is gone. */
  completeTurn(message: Message): Promise<StoredTurn | undefined>;

  /** @returns undefined if there is no such conversation. */
  addAnswer(wanted: FurtherAnswer): Promise<AddedAnswer | undefined>;
  /**
   * Marks what has ended in the range as `superseded`, people's messages too: no context contains it any more. Of several
   * that replace the same message at once, the one with the highest `seq` stays, in whichever order they come to be stored.
   */
  supersede(conversationId: string, range: SeqRange): Promise<Superseded>;

  /** Opens a new epoch of an answer, once for each claim. @returns undefined if there is no such answer. */
  claimAnswer(request: ClaimRequest): Promise<StoredClaim>;
  /** Gives the newest epoch's run back. @returns false if the epoch is not the newest, or the answer has ended or is to end. */
  releaseAnswer(answer: AnswerRef, epoch: number): Promise<boolean>;
  /**
   * Wishes that an open answer ends. The wish stays, but that `superseded` comes before `stopped`.
   *
   * @returns undefined if there is no such answer.
   */
  requestEnd(answer: AnswerRef, as: EndAs): Promise<RequestedEnd | undefined>;
  penOf(answer: AnswerRef, epoch: number): Promise<Pen>;
  /** Stores how an answer ended, if its epoch is the newest: as handed over, unless it was asked to end (`finalStatus`). */
  finishAnswer(finished: FinishedAnswer): Promise<FinishResult>;
  /** The conversation's oldest open answer; undefined also while a broken-off turn before it waits to be completed. */
  nextAnswer(conversationId: string): Promise<Message | undefined>;
  /** The conversation's open answers, oldest first. */
  openAnswersOf(conversationId: string): Promise<Message[]>;
  /** Open answers that are the next of their conversations. */
  listOpenAnswers(query: UnfinishedQuery): Promise<UnfinishedPage>;
}
