import { z } from 'zod';
import { conversationModeSchema } from '../domain/conversation.ts';
import { messageIdSchema } from '../domain/ids.ts';
import { messageRecord } from '../domain/message.ts';
import { typistSchema } from '../domain/typist.ts';
import { versioned } from '../wire/versioned.ts';

const epoch = z.number().int().positive();

/** A worker has opened an attempt at the answer; text of an older epoch is void. */
const answerStartedFrame = versioned({
  type: z.literal('answer.started'),
  answerId: messageIdSchema,
  epoch,
});

/** A piece of the answer. `offset` counts the UTF-16 code units before it. */
const answerDeltaFrame = versioned({
  type: z.literal('answer.delta'),
  answerId: messageIdSchema,
  epoch,
  offset: z.number().int().nonnegative(),
  text: z.string(),
});

/** History has stored the ended answer. */
const answerStoredFrame = versioned({ type: z.literal('answer.stored'), message: messageRecord.read });

/** History has stored a person's message. */
const messageStoredFrame = versioned({
  type: z.literal('message.stored'),
  message: messageRecord.read,
  /** Opaque name of the connection it came from, which already has it. */
  origin: z.string().optional(),
});

const modeChangedFrame = versioned({
  type: z.literal('conversation.mode'),
  mode: conversationModeSchema,
});

/** Somebody types, or has stopped. `origin`: the connection it came from. */
const typingFrame = versioned({
  type: z.literal('typing'),
  who: typistSchema,
  isTyping: z.boolean(),
  origin: z.string(),
});

const conversationDeletedFrame = versioned({ type: z.literal('conversation.deleted') });

const write = [
  answerStartedFrame.write,
  answerDeltaFrame.write,
  answerStoredFrame.write,
  messageStoredFrame.write,
  modeChangedFrame.write,
  typingFrame.write,
  conversationDeletedFrame.write,
] as const;
const read = [
  answerStartedFrame.read,
  answerDeltaFrame.read,
  answerStoredFrame.read,
  messageStoredFrame.read,
  modeChangedFrame.read,
  typingFrame.read,
  conversationDeletedFrame.read,
] as const;

/** Everything that is said on a conversation's channel. */
export const conversationFrame = {
  write: z.discriminatedUnion('type', write),
  read: z.discriminatedUnion('type', read),
};
export type ConversationFrame = z.infer<typeof conversationFrame.write>;
