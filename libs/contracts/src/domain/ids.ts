import { z } from 'zod';

/**
 * Ids that a client may choose. They become parts of Redis keys and queue job ids, so braces, spaces and control
 * characters are refused; the length bounds a key. In a path, `.` and `..` would be read as steps, and vanish.
 */
const CLIENT_ID = /^(?!\.{1,2}$)[\w.:@=+-]{1,128}$/;
const CLIENT_ID_RULE = 'must be 1 to 128 letters, digits or . _ : @ = + -, and more than one or two dots';

/** A conversation's id (the support API calls it `sessionId`), chosen by a client or made by the gateway. */
export const conversationIdSchema = z
  .string({ error: 'must be a string' })
  .regex(CLIENT_ID, { error: CLIENT_ID_RULE });

/** The key under which a send is stored once, however often it is repeated. Unique within its conversation. */
export const clientMessageIdSchema = z
  .string({ error: 'must be a string' })
  .regex(CLIENT_ID, { error: CLIENT_ID_RULE });

/** Ids made by history; opaque to everybody else. An answer's id is the id of its assistant message. */
export const messageIdSchema = z.string().regex(/^[\w-]{1,64}$/);
