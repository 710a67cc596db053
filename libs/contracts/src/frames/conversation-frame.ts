import { z } from 'zod';
import { conversationModeSchema } from '../domain/conversation.ts';
import { messageIdSchema } from '../domain/ids.ts';
import { messageRecord } from '../domain/message.ts';
import { versioned } from '../wire/versioned.ts';

const epoch = z.number().int().positive();

/** A worker has opened an attempt at the answer; text of an older epoch is void. */
export const answerStartedFrame = versioned({
  type: z.literal('answer.started'),
  answerId: messageIdSchema,
  epoch,
});

/** A piece of the answer. `offset` counts the UTF-16 code units before it. */
export const answerDeltaFrame = versioned({
  type: z.literal('answer.delta'),
  answerId: messageIdSchema,
  epoch,
  offset: z.number().int().nonnegative(),
  text: z.string(),
});

/** History has stored the ended answer. */
export const answerStoredFrame = versioned({ type: z.literal('answer.stored'), message: messageRecord.read });

/** History has stored a person's message. */
export const messageStoredFrame = versioned({
  type: z.literal('message.stored'),
  message: messageRecord.read,
  /** Opaque name of the connection it came from, which already has it. */
  origin: z.string().optional(),
});

export const modeChangedFrame = versioned({
  type: z.literal('conversation.mode'),
  mode: conversationModeSchema,
});

export const conversationDeletedFrame = versioned({ type: z.literal('conversation.deleted') });

const frames = [
  answerStartedFrame,
  answerDeltaFrame,
  answerStoredFrame,
  messageStoredFrame,
  modeChangedFrame,
  conversationDeletedFrame,
] as const;

/** Everything that is said on a conversation's channel. */
export const conversationFrame = {
  write: z.discriminatedUnion('type', [
    frames[0].write,
    frames[1].write,
    frames[2].write,
    frames[3].write,
    frames[4].write,
    frames[5].write,
  ]),
  read: z.discriminatedUnion('type', [
    frames[0].read,
    frames[1].read,
    frames[2].read,
    frames[3].read,
    frames[4].read,
    frames[5].read,
  ]),
};
export type ConversationFrame = z.infer<typeof conversationFrame.write>;
export type AnswerDelta = z.infer<typeof answerDeltaFrame.write>;
