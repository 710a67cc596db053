import {
  clientMessageIdSchema,
  conversationIdSchema,
  errorBodySchema,
  messageIdSchema,
} from '@parley/contracts';
import { z } from 'zod';

const outgoingMessageSchema = z.object({
  kind: z.literal('outgoing'),
  clientMessageId: clientMessageIdSchema,
  /** Absent until the server has named it. */
  conversationId: conversationIdSchema.optional(),
  /** As whom it is said. */
  role: z.enum(['user', 'admin']),
  /** Edits: the id of the message that it replaces. */
  replaces: messageIdSchema.optional(),
  content: z.string(),
  /** ISO-8601, by the clock of this machine. */
  createdAt: z.string(),
  /** `failed`: it is not sent again unless somebody says so. */
  status: z.enum(['sending', 'failed']),
  /** Why it failed, or why it waits. */
  error: errorBodySchema.optional(),
});

/** A message that was written here and that the server has not acknowledged yet. */
export type OutgoingMessage = Readonly<z.infer<typeof outgoingMessageSchema>> & {
  /** When it will be sent again, in milliseconds since 1970 by the clock of this machine; absent if nothing has to pass before. */
  readonly retryAt?: number;
};

/** Reads what an earlier page, perhaps of another version, has stored; what cannot be read is left out. */
export function parseOutgoing(stored: string | undefined): OutgoingMessage[] {
  try {
    const entries: unknown = JSON.parse(stored ?? '[]');
    if (!Array.isArray(entries)) return [];
    return entries.flatMap(entry => outgoingMessageSchema.safeParse(entry).data ?? []);
  } catch {
    return [];
  }
}
