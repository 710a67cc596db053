import { z } from 'zod';
import { conversationIdSchema, messageIdSchema } from '../domain/ids.ts';
import { versioned } from '../wire/versioned.ts';

const fenced = versioned({
  type: z.literal('answer.fenced'),
  conversationId: conversationIdSchema,
  answerId: messageIdSchema,
});

/** Said to all workers: whoever produces this answer may no longer write. A hint; the fence itself is in the answer log. */
export const controlFrame = { write: fenced.write, read: fenced.read };
export type ControlFrame = z.infer<typeof controlFrame.write>;
