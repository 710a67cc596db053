import { z } from 'zod';
import { conversationModeSchema, conversationRecord } from '../domain/conversation.ts';
import { doubleTextPolicySchema } from '../domain/double-text.ts';
import { clientMessageIdSchema, conversationIdSchema, messageIdSchema } from '../domain/ids.ts';
import { closedAnswerStatusSchema, messageRecord, messageRoleSchema } from '../domain/message.ts';

/** One call of history's HTTP API. `:name` parts of the path come from `params`; the rest travels as `travelsAsQuery` says. */
export interface HistoryCall<Request extends z.ZodType = z.ZodType, Reply extends z.ZodType = z.ZodType> {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly request: Request;
  readonly reply: Reply;
}

/** True if what is not in the path travels as a query, else it is the body. */
export function travelsAsQuery({ method }: Pick<HistoryCall, 'method'>): boolean {
  // HTTP gives a body of these no meaning, and clients close connections that have carried one.
  return method === 'GET' || method === 'DELETE';
}

const call = <Request extends z.ZodType, Reply extends z.ZodType>(
  method: HistoryCall['method'],
  path: string,
  request: Request,
  reply: Reply,
): HistoryCall<Request, Reply> => ({ method, path, request, reply });

const conversationReply = z.looseObject({ conversation: conversationRecord.read });
const messageReply = z.looseObject({ message: messageRecord.read });
const limit = z.coerce.number().int().min(1).max(1000);

const visitor = {
  visitorId: z.string().max(128).optional(),
  userAgent: z.string().max(1000).optional(),
  ipAddress: z.string().max(100).optional(),
};

/** Ends that can be asked for. */
const endAsSchema = closedAnswerStatusSchema.extract(['stopped', 'superseded']);
export type EndAs = z.infer<typeof endAsSchema>;

/** The permission to run, or why there is none: the answer has ended, or it has used up its runs. */
const claimReply = z.discriminatedUnion('outcome', [
  z.looseObject({
    outcome: z.literal('run'),
    epoch: z.number().int().positive(),
    /** True if no further run will be allowed. */
    lastRun: z.boolean(),
    /** The newest messages up to the question, oldest first; open answers left out. */
    context: z.array(messageRecord.read),
  }),
  z.looseObject({
    outcome: z.literal('exhausted'),
    epoch: z.number().int().positive(),
    /** Somebody has asked for this end while the answer was produced; otherwise what there is was `interrupted`. */
    endAs: endAsSchema.optional(),
  }),
  z.looseObject({ outcome: z.literal('closed') }),
]);

/** History's HTTP API: gateways and workers call it, nobody outside does. Errors are `ErrorBody`s. */
export const historyApi = {
  /** Newest `updatedAt` first. `before` is the `next` of the page before. */
  listConversations: call(
    'GET',
    '/conversations',
    z.object({
      limit: limit.default(50),
      before: z.string().max(300).optional(),
      visitorId: z.string().max(128).optional(),
    }),
    z.looseObject({ conversations: z.array(conversationRecord.read), next: z.string().optional() }),
  ),
  getConversation: call(
    'GET',
    '/conversations/:conversationId',
    z.object({ conversationId: conversationIdSchema }),
    conversationReply,
  ),
  /** Creates the conversation unless it exists. */
  createConversation: call(
    'POST',
    '/conversations',
    z.object({ conversationId: conversationIdSchema, ...visitor }),
    z.looseObject({ conversation: conversationRecord.read, created: z.boolean() }),
  ),
  updateConversation: call(
    'PATCH',
    '/conversations/:conversationId',
    z.object({
      conversationId: conversationIdSchema,
      title: z.string().max(200).optional(),
      mode: conversationModeSchema.optional(),
    }),
    conversationReply,
  ),
  /** Its messages, answer logs and queued jobs go too. */
  deleteConversation: call(
    'DELETE',
    '/conversations/:conversationId',
    z.object({ conversationId: conversationIdSchema }),
    z.looseObject({ deleted: z.boolean() }),
  ),
  /**
   * Oldest first: the newest messages, or those before `beforeSeq`, or those after `afterSeq`; as many as `limit` and
   * `maxBytes` allow, at least one.
   */
  listMessages: call(
    'GET',
    '/conversations/:conversationId/messages',
    z.object({
      conversationId: conversationIdSchema,
      limit: limit.default(1000),
      /** Of the messages as JSON. Default: no bound. */
      maxBytes: z.coerce.number().int().positive().optional(),
      beforeSeq: z.coerce.number().int().optional(),
      afterSeq: z.coerce.number().int().optional(),
    }),
    z.looseObject({
      messages: z.array(messageRecord.read),
      /** There are further ones: newer than these if `afterSeq` was given, else older. */
      more: z.boolean().default(false),
    }),
  ),
  getMessage: call(
    'GET',
    '/conversations/:conversationId/messages/:messageId',
    z.object({ conversationId: conversationIdSchema, messageId: messageIdSchema }),
    messageReply,
  ),
  /** Stores an admin's or a system message, once per `clientMessageId`. */
  addMessage: call(
    'POST',
    '/conversations/:conversationId/messages',
    z.object({
      conversationId: conversationIdSchema,
      clientMessageId: clientMessageIdSchema,
      role: messageRoleSchema.extract(['admin', 'system']),
      content: z.string(),
      origin: z.string().max(100).optional(),
    }),
    z.looseObject({ message: messageRecord.read, created: z.boolean() }),
  ),
  updateMessage: call(
    'PATCH',
    '/conversations/:conversationId/messages/:messageId',
    z.object({ conversationId: conversationIdSchema, messageId: messageIdSchema, content: z.string() }),
    messageReply,
  ),
  /**
   * Whether a message, or with `answerId` a retry of that answer, asks for an answer that is not stored yet. Not if a person
   * answers. Costs little, for who has to refuse many.
   */
  needsAnswer: call(
    'GET',
    '/conversations/:conversationId/needs-answer',
    z.object({
      conversationId: conversationIdSchema,
      clientMessageId: clientMessageIdSchema,
      answerId: messageIdSchema.optional(),
    }),
    z.looseObject({ needed: z.boolean() }),
  ),
  /** Stores a user message and the answer it asks for, once per `clientMessageId`; creates the conversation if it must. */
  appendTurn: call(
    'POST',
    '/conversations/:conversationId/turns',
    z.object({
      conversationId: conversationIdSchema,
      clientMessageId: clientMessageIdSchema,
      content: z.string(),
      origin: z.string().max(100).optional(),
      /** A user message that this one replaces, together with everything after it. */
      replaces: messageIdSchema.optional(),
      doubleText: doubleTextPolicySchema.default('queue'),
      /** Refused with RATE_LIMIT_EXCEEDED while so many answers of the conversation are open. Default: no bound. */
      maxOpen: z.number().int().positive().optional(),
      ...visitor,
    }),
    z.looseObject({
      message: messageRecord.read,
      /** Absent in human mode. */
      answer: messageRecord.read.optional(),
      /** True if the answer's job must be queued now; false if it waits for an earlier answer, or has ended. */
      enqueue: z.boolean(),
      created: z.boolean(),
    }),
  ),
  /** Opens a new epoch of the answer, as long as it is open and has runs left; once per `claimId`. */
  claimAnswer: call(
    'POST',
    '/conversations/:conversationId/answers/:answerId/claim',
    z.object({
      conversationId: conversationIdSchema,
      answerId: messageIdSchema,
      /** Whoever does not know what became of a claim makes it again under its id. Absent: a claim of its own. */
      claimId: z.string().min(1).max(100).optional(),
      contextMessages: z.number().int().min(1).max(1000),
    }),
    claimReply,
  ),
  /** Gives a run back that the provider refused before it cost anything. */
  releaseAnswer: call(
    'POST',
    '/conversations/:conversationId/answers/:answerId/release',
    z.object({
      conversationId: conversationIdSchema,
      answerId: messageIdSchema,
      epoch: z.number().int().positive(),
    }),
    z.looseObject({ released: z.boolean() }),
  ),
  /** For the worker of an epoch whose log Redis has lost, and with it who has the pen. */
  getPen: call(
    'GET',
    '/conversations/:conversationId/answers/:answerId/pen',
    z.object({
      conversationId: conversationIdSchema,
      answerId: messageIdSchema,
      epoch: z.coerce.number().int().positive(),
    }),
    z.looseObject({
      /** False once a newer epoch has been claimed, or the answer has ended: keep silent. */
      held: z.boolean(),
      /** Somebody has asked for this end. */
      endAs: endAsSchema.optional(),
    }),
  ),
  /** Ends an answer wherever it is. When this resolves no more of its text is published. An ended one stays as it is. */
  endAnswer: call(
    'POST',
    '/conversations/:conversationId/answers/:answerId/end',
    z.object({ conversationId: conversationIdSchema, answerId: messageIdSchema, as: endAsSchema }),
    z.looseObject({}),
  ),
  /** Asks for an ended answer once more, once per `clientMessageId`; the old one and everything after it is superseded. */
  retryAnswer: call(
    'POST',
    '/conversations/:conversationId/answers/:answerId/retry',
    z.object({
      conversationId: conversationIdSchema,
      answerId: messageIdSchema,
      clientMessageId: clientMessageIdSchema,
    }),
    z.looseObject({ answer: messageRecord.read, enqueue: z.boolean() }),
  ),
} as const satisfies Record<string, HistoryCall>;

export type HistoryApi = typeof historyApi;
export type HistoryCallName = keyof HistoryApi;
/** What a caller passes (before defaults are applied). */
export type HistoryRequest<N extends HistoryCallName> = z.input<HistoryApi[N]['request']>;
/** What history works with. */
export type HistoryParsedRequest<N extends HistoryCallName> = z.output<HistoryApi[N]['request']>;
export type HistoryReply<N extends HistoryCallName> = z.output<HistoryApi[N]['reply']>;
export type AnswerClaim = HistoryReply<'claimAnswer'>;
