import { conversationIdSchema, ParleyError, type Conversation } from '@parley/contracts';
import { z } from 'zod';
import type { ConversationPage } from './conversation-store.ts';

const positionSchema = z.tuple([z.iso.datetime(), conversationIdSchema]);

/** Where a page of conversations ends. */
export interface ConversationPosition {
  readonly updatedAt: string;
  readonly id: string;
}

/** @returns the position as an opaque text. */
function cursorOf({ updatedAt, id }: Conversation): string {
  return Buffer.from(JSON.stringify([updatedAt, id])).toString('base64url');
}

/** @throws ParleyError INVALID_REQUEST if the text was not made by `cursorOf`. */
export function readCursor(cursor: string): ConversationPosition {
  const parsed = positionSchema.safeParse(parseJson(Buffer.from(cursor, 'base64url').toString()));
  if (!parsed.success) {
    throw new ParleyError('INVALID_REQUEST', {
      message: 'Before is not a cursor',
      details: [{ path: 'before', message: 'is not a cursor' }],
    });
  }
  const [updatedAt, id] = parsed.data;
  return { updatedAt, id };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Cuts what was fetched, one more than asked for, to a page. */
export function pageOf(fetched: Conversation[], limit: number): ConversationPage {
  const conversations = fetched.slice(0, limit);
  const last = conversations.at(-1);
  return { conversations, ...(fetched.length > limit && last && { next: cursorOf(last) }) };
}
