import { z } from 'zod';
import { conversationIdSchema } from '../domain/ids.ts';
import { messageRecord } from '../domain/message.ts';
import { versioned } from '../wire/versioned.ts';

const messageAdded = versioned({ type: z.literal('message.added'), message: messageRecord.read });
const conversationChanged = versioned({
  type: z.literal('conversation.changed'),
  conversationId: conversationIdSchema,
});

/** What admins see of all conversations: facts that history has stored. */
export const activityFrame = {
  write: z.discriminatedUnion('type', [messageAdded.write, conversationChanged.write]),
  read: z.discriminatedUnion('type', [messageAdded.read, conversationChanged.read]),
};
export type ActivityFrame = z.infer<typeof activityFrame.write>;
