import { z } from 'zod';
import { conversationModeSchema } from '../domain/conversation.ts';
import { doubleTextPolicySchema } from '../domain/double-text.ts';
import { clientMessageIdSchema, conversationIdSchema, messageIdSchema } from '../domain/ids.ts';
import { messageRoleSchema, messageStatusSchema } from '../domain/message.ts';
import { typistSchema } from '../domain/typist.ts';
import { MAX_MESSAGE_CHARS, messageContentSchema } from '../rest/message-content.ts';
import type { EventCatalog } from './catalog.ts';

/** Socket.IO namespace of the dialect: its event names never meet those of the original APIs. */
export const NATIVE_NAMESPACE = '/native';

const epoch = z.number().int().positive();
const offset = z.number().int().nonnegative();

/** How much of an answer a client holds: the length of its text, in UTF-16 code units, in this epoch. */
export const answerPositionSchema = z.object({ answerId: messageIdSchema, epoch, offset });
export type AnswerPosition = z.infer<typeof answerPositionSchema>;

/** Stands for one epoch of one answer in every `piece`: names and ids would be three quarters of the bytes. Means nothing to another connection. */
const handle = z.number().int().positive();

/** A piece of an answer and where it belongs. `offset > held length` is a gap, `<` a repeat, a newer epoch a restart. */
export const answerPieceSchema = answerPositionSchema.extend({
  conversationId: conversationIdSchema,
  text: z.string(),
});
export type AnswerPiece = z.infer<typeof answerPieceSchema>;

/** A message as the native dialect shows it. */
export const nativeMessageSchema = z.object({
  id: z.string(),
  conversationId: z.string(),
  seq: z.number().int().positive(),
  role: messageRoleSchema,
  content: z.string(),
  status: messageStatusSchema,
  createdAt: z.string(),
  clientMessageId: z.string().optional(),
  replyTo: z.string().optional(),
  epoch: z.number().int().nonnegative().optional(),
});
export type NativeMessage = z.infer<typeof nativeMessageSchema>;

const inConversation = z.object({ conversationId: conversationIdSchema });

const done = z.object({ ok: z.literal(true) });
const answerRef = inConversation.extend({ answerId: messageIdSchema });
const content = messageContentSchema(MAX_MESSAGE_CHARS);
/** Sent when the message is stored. `answerId` is absent while a person answers. */
const sent = z.object({ ok: z.literal(true), message: nativeMessageSchema, answerId: z.string().optional() });

/** Dialect `native`, what a visitor (or an admin who watches) may say. */
export const nativeClientEvents = {
  /**
   * Joins a conversation (creating it when it may), or takes it up again after a break: answers with exactly what the
   * client lacks, page by page. What happens afterwards arrives as events. One at a time for each connection.
   */
  resume: {
    payload: z.object({
      conversationId: conversationIdSchema.optional(),
      positions: z.array(answerPositionSchema).max(100).default([]),
      /** Up to this `seq` the client holds every message, and all of them have ended. */
      afterSeq: z.number().int().nonnegative().default(0),
    }),
    ack: z.object({
      ok: z.literal(true),
      conversationId: z.string(),
      token: z.string(),
      mode: conversationModeSchema,
      /** What becomes of a message that is sent while the one before is still being answered. */
      doubleText: doubleTextPolicySchema,
      /**
       * A page, oldest first: the next ones after `afterSeq`, or without it the newest ones. An answer under way among them
       * has no text yet.
       */
      messages: z.array(nativeMessageSchema),
      /** The page is full: ask again with the last `seq` as `afterSeq`. */
      hasNewer: z.boolean(),
      /** There are messages before the newest page, for `load-older`. Only told without `afterSeq`. */
      hasOlder: z.boolean().optional(),
      /** The rest of each answer under way, from the client's position (from 0 in a new epoch). */
      pieces: z.array(answerPieceSchema),
    }),
  },
  /** Reads back: the page of messages before `beforeSeq`, oldest first. One at a time for each connection. */
  'load-older': {
    payload: inConversation.extend({ beforeSeq: z.number().int().positive() }),
    ack: z.object({
      ok: z.literal(true),
      conversationId: z.string(),
      messages: z.array(nativeMessageSchema),
      hasOlder: z.boolean(),
    }),
  },
  leave: { payload: inConversation, ack: done },
  send: { payload: inConversation.extend({ clientMessageId: clientMessageIdSchema, content }), ack: sent },
  /** Replaces a user message and everything after it by a new turn. */
  edit: {
    payload: inConversation.extend({
      messageId: messageIdSchema,
      clientMessageId: clientMessageIdSchema,
      content,
    }),
    ack: sent,
  },
  /** Ends an answer where it is: its text so far is stored as `stopped`. */
  stop: { payload: answerRef, ack: done },
  /** Asks for an ended answer once more; the old one and everything after it becomes `superseded`. */
  retry: {
    payload: answerRef.extend({ clientMessageId: clientMessageIdSchema }),
    ack: z.object({ ok: z.literal(true), answerId: z.string() }),
  },
  /** Say it again every few seconds while it lasts; whoever is told shows it for 6 seconds. */
  typing: { payload: inConversation.extend({ isTyping: z.boolean() }), ack: done },
} as const satisfies EventCatalog;

/** Dialect `native`, what only an admin may say. */
export const nativeAdminEvents = {
  /** `human`: the AI is silenced at once. `ai`: it answers again, and sees what the people wrote. */
  'set-mode': { payload: inConversation.extend({ mode: conversationModeSchema }), ack: done },
  'say-as-admin': {
    payload: inConversation.extend({ clientMessageId: clientMessageIdSchema, content }),
    ack: z.object({ ok: z.literal(true), message: nativeMessageSchema }),
  },
} as const satisfies EventCatalog;

/** Dialect `native`, server to client. */
export const nativeServerEvents = {
  /** A person's message has been stored; or any message, also an answer, has become `superseded` by an edit or a retry. */
  message: { payload: nativeMessageSchema },
  /** An attempt begins, or is under way in a conversation just joined. Comes before its pieces, whose `handle` it tells. */
  'answer-started': { payload: answerRef.extend({ epoch, handle }) },
  /** The text goes on. */
  piece: { payload: z.tuple([handle, offset, z.string()]) },
  /** The answer has ended and is stored; `content` is its whole text. */
  'answer-ended': { payload: nativeMessageSchema },
  /** The answer waits for a worker; `position` 1 is next. Comes when it changes, about once a second. */
  queued: { payload: answerRef.extend({ position: z.number().int().positive() }) },
  /** Somebody else in the conversation types, or has stopped. */
  typing: { payload: inConversation.extend({ who: typistSchema, isTyping: z.boolean() }) },
  mode: { payload: inConversation.extend({ mode: conversationModeSchema }) },
  deleted: { payload: inConversation },
  /** This gateway is about to stop: connect again after so many milliseconds (each client gets a number of its own). */
  draining: { payload: z.object({ reconnectInMs: z.number().int().nonnegative() }) },
} as const satisfies EventCatalog;
